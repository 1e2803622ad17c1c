#pragma once

namespace asyncio::detail {

/// Never thrown. A `catch (const ThrowFilter&)` has ThrownStack::capture called when an exception is about to pass it,
/// on the stack of the throw. Its type_info is not the compiler's (which leaves it to the file that defines `key`, and
/// there is none) but the one in throw_filter.cpp.
class ThrowFilter {
    virtual void key();
};

/// Call it before the first such `catch`.
void prepare_throw_filter() noexcept;

}  // namespace asyncio::detail
