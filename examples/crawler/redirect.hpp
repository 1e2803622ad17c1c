#pragma once

#include "url.hpp"

#include <optional>
#include <string>

namespace crawler {

/// 301, 302, 303, 307 and 308: the answer is elsewhere. (300 and 304 have no other place to look.)
bool is_redirect(int status);

/// Where a redirect leads. Throws InvalidUrl, with a reason for the report, when it leads nowhere that can be fetched.
Url redirect_target(const Url& from, int status, const std::optional<std::string>& location);

}  // namespace crawler
