#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

namespace asyncio::detail {

/// std::invoke without <functional>, see base/standard/functional.hpp.
template <class F, class... Args>
constexpr std::invoke_result_t<F, Args...> invoke(F&& callable, Args&&... arguments) {
    if constexpr (std::is_member_pointer_v<std::remove_cvref_t<F>>) {
        return std::apply(callable, std::forward_as_tuple(std::forward<Args>(arguments)...));
    } else {
        return std::forward<F>(callable)(std::forward<Args>(arguments)...);
    }
}

}  // namespace asyncio::detail
