#include <asyncio/base/context_map.hpp>

#include "shared_count.hpp"

#include <atomic>
#include <utility>

namespace asyncio::detail {

namespace {

constexpr std::uintptr_t node_tag = ContextMap::node_tag;
constexpr std::uint64_t width = ContextNode::width;
constexpr unsigned digit_bits = 3;
static_assert(width == 1U << digit_bits);

bool is_node(std::uintptr_t place) noexcept {
    return (place & node_tag) != 0;
}
ContextNode& node_at(std::uintptr_t place) noexcept {
    return *reinterpret_cast<ContextNode*>(place - node_tag);
}
ContextEntry* entry_at(std::uintptr_t place) noexcept {
    return reinterpret_cast<ContextEntry*>(place);
}
std::uintptr_t place_of(ContextNode* node) noexcept {
    return reinterpret_cast<std::uintptr_t>(node) + node_tag;
}
std::uintptr_t place_of(ContextEntry* entry) noexcept {
    return reinterpret_cast<std::uintptr_t>(entry);
}

/// The node at this place, for changing: a copy takes its place when others can see it.
ContextNode& own(std::uintptr_t& place) {
    ContextNode& node = node_at(place);
    if (node.references.unique()) return node;
    auto* copy = new ContextNode(node);
    ContextMap::drop(std::exchange(place, place_of(copy)));
    return *copy;
}

/// Precondition: the variable is there.
ContextEntryPtr erase_at(std::uintptr_t& place, std::uint64_t digits) {
    if (!is_node(place)) return ContextEntryPtr::adopt(entry_at(std::exchange(place, 0)));
    ContextNode& node = own(place);
    ContextEntryPtr removed = erase_at(node.places[digits % width], digits / width);
    // A node with one entry or none left gives way to that.
    std::uintptr_t* last = nullptr;
    for (std::uintptr_t& child : node.places) {
        if (child == 0) continue;
        if (last != nullptr || is_node(child)) return removed;
        last = &child;
    }
    place = last == nullptr ? 0 : std::exchange(*last, 0);
    delete &node;
    return removed;
}

void collect(std::uintptr_t place, std::vector<ContextEntry*>& entries) {
    if (is_node(place)) {
        for (const std::uintptr_t child : node_at(place).places) collect(child, entries);
    } else if (place != 0) {
        entries.push_back(entry_at(place));
    }
}

std::uint64_t next_number() noexcept {
    static std::atomic<std::uint64_t> count{0};
    return count.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

ContextVarCore::ContextVarCore(std::string var_name) : number(next_number()), name(std::move(var_name)) {}

void ContextVarCore::retain() noexcept {
    references_.up();
}
void ContextVarCore::release() noexcept {
    if (references_.down()) delete this;
}

ContextEntry::ContextEntry(ContextVarCore& var) noexcept : var_(&var) {
    var.retain();
}
ContextEntry::~ContextEntry() {
    var_->release();
}
void ContextEntry::retain() noexcept {
    references_.up();
}
void ContextEntry::release() noexcept {
    if (references_.down()) delete this;
}

ContextNode::ContextNode(const ContextNode& other) noexcept : Pooled() {
    for (std::size_t i = 0; i < width; ++i) {
        if (other.places[i] != 0) places[i] = ContextMap::shared(other.places[i]);
    }
}
ContextNode::~ContextNode() {
    for (const std::uintptr_t place : places) {
        if (place != 0) ContextMap::drop(place);
    }
}

std::uintptr_t ContextMap::shared(std::uintptr_t word) noexcept {
    if (is_node(word)) {
        node_at(word).references.up();
    } else {
        entry_at(word)->retain();
    }
    return word;
}

void ContextMap::drop(std::uintptr_t word) noexcept {
    if (!is_node(word)) {
        entry_at(word)->release();
    } else if (node_at(word).references.down()) {
        delete &node_at(word);
    }
}

ContextEntryPtr ContextMap::assign(ContextEntryPtr entry) {
    const ContextVarCore& var = entry->var();
    std::uintptr_t* place = &root_;
    unsigned shift = 0;
    while (*place != 0) {
        if (!is_node(*place)) {
            const ContextVarCore& there = entry_at(*place)->var();
            if (&there == &var) break;
            // Two variables at one place: a node takes it, and holds the one that was there.
            auto* node = new ContextNode;
            node->places[(there.number >> shift) % width] = *place;
            *place = place_of(node);
        }
        place = &own(*place).places[(var.number >> shift) % width];
        shift += digit_bits;
    }
    return ContextEntryPtr::adopt(entry_at(std::exchange(*place, place_of(entry.detach()))));
}

ContextEntryPtr ContextMap::erase(const ContextVarCore& var) {
    if (find(var) == nullptr) return nullptr;
    return erase_at(root_, var.number);
}

std::vector<ContextEntry*> ContextMap::entries() const {
    std::vector<ContextEntry*> all;
    collect(root_, all);
    return all;
}

}  // namespace asyncio::detail
