#include "throw_filter.hpp"

#include "remote_stack.hpp"

#include <cstddef>
#include <new>
#include <typeinfo>

namespace asyncio::detail {

namespace {

class ThrowFilterType final : public std::type_info {
public:
    ThrowFilterType() noexcept : std::type_info("N7asyncio6detail11ThrowFilterE") {}

    bool __do_catch(const std::type_info*, void**, unsigned) const override {
        ThrownStack::capture();
        return false;
    }
};

}  // namespace

/// The type_info of ThrowFilter. Never destroyed: other threads may throw while the program ends.
alignas(ThrowFilterType) extern std::byte throw_filter_type[sizeof(ThrowFilterType)] __asm__(
    "_ZTIN7asyncio6detail11ThrowFilterE");
alignas(ThrowFilterType) std::byte throw_filter_type[sizeof(ThrowFilterType)];

void prepare_throw_filter() noexcept {
    [[maybe_unused]] static const auto* type = ::new (static_cast<void*>(throw_filter_type)) ThrowFilterType;
}

}  // namespace asyncio::detail
