#pragma once

/// TCP streams: open_connection, start_server, resolve, and the readers and writers that they give.

#include <asyncio/net/open_connection.hpp>
#include <asyncio/net/resolve.hpp>
#include <asyncio/net/server.hpp>
#include <asyncio/net/stream_reader.hpp>
#include <asyncio/net/stream_writer.hpp>
