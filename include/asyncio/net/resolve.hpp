#pragma once

#include <asyncio/base/socket_address.hpp>
#include <asyncio/task/coro.hpp>

#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace asyncio {

/// A name could not be resolved. The code is getaddrinfo's (EAI_…), in a category of its own. Mirrors socket.gaierror.
class gaierror : public std::system_error {
public:
    /// `code` is an EAI_… value; the message is "look up 'name'" and the reason.
    gaierror(int code, const std::string& name);
};

/// Options of resolve.
struct ResolveOptions {
    int family = 0;        ///< an AF_… value; 0: any
    bool passive = false;  ///< for listening: an empty host means every address
};

/// The addresses of a host, in the resolver's order. A numeric host needs no resolver; a name is looked up in a thread,
/// so that the loop goes on. The process looks up at most min(32, processors + 4) names at once, as many as CPython's
/// default executor would; further ones wait. Throws gaierror; std::system_error when no thread can be started.
///
/// Cancellation: CancelledError at once; a look-up that waits is not made, the result of another one is dropped.
[[nodiscard]] Coro<std::vector<SocketAddress>> resolve(std::string host, std::uint16_t port,
                                                       ResolveOptions options = {});

}  // namespace asyncio
