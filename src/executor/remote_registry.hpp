#pragma once

#include <asyncio/executor/remote_errors.hpp>

#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <typeinfo>
#include <unordered_map>

namespace asyncio::detail {

/// The types of exceptions that arrive as what they are, by their mangled names. Entries are never taken out.
class ExceptionTypes {
public:
    /// Throws RuntimeError when another type has this name.
    void enter(const RemoteExceptionType& type);
    /// nullptr when there is none.
    [[nodiscard]] const RemoteExceptionType* find(std::string_view name) const;

private:
    void enter_as(const std::type_info& name, const RemoteExceptionType& type);

    mutable std::mutex mutex_;
    std::unordered_map<std::string_view, RemoteExceptionType> types_;
};

/// What can be said of every exception.
struct ExceptionText {
    std::string type;
    std::string what;
};
[[nodiscard]] ExceptionText exception_text(const std::exception_ptr& error);

/// Enters those of the standard library and of asyncio.
void enter_common_exceptions(ExceptionTypes& types);

}  // namespace asyncio::detail
