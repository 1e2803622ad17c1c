#include "redirect.hpp"

namespace crawler {

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Url redirect_target(const Url& from, int status, const std::optional<std::string>& location) {
    if (!location) throw InvalidUrl("HTTP " + std::to_string(status) + " without a Location");
    try {
        Url target = from.resolve(*location);
        if (!target.is_http()) throw InvalidUrl("scheme \"" + target.scheme + "\" is not supported");
        return target;
    } catch (const InvalidUrl& error) {
        throw InvalidUrl("redirect to nowhere: " + std::string(error.what()));
    }
}

}  // namespace crawler
