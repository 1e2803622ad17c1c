#pragma once

/// The component asyncio::curl: libcurl driven by the event loop.

#include <asyncio/integrations/curl/easy.hpp>
#include <asyncio/integrations/curl/error.hpp>
#include <asyncio/integrations/curl/multi.hpp>
