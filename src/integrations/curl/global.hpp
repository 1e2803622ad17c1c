#pragma once

namespace asyncio::curl::detail {

/// Initialises libcurl once per process, from whichever thread comes first.
void initialise_libcurl();

}  // namespace asyncio::curl::detail
