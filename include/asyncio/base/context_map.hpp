#pragma once

#include <asyncio/base/atomic.hpp>
#include <asyncio/base/frame_pool.hpp>
#include <asyncio/base/intrusive_ptr.hpp>
#include <asyncio/base/light_traits.hpp>

#include <any>
#include <cstddef>
#include <cstdint>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace asyncio::detail {

/// References that threads may share: snapshots of a context travel with `to_thread` and `call_soon_threadsafe`. Costs
/// a locked instruction only in a program that has started a thread.
class SharedCount {
public:
    void up() noexcept;
    /// True for the last one.
    [[nodiscard]] bool down() noexcept;
    /// True when the caller's reference is the only one, so that nobody else can see what it changes.
    [[nodiscard]] bool unique() const noexcept { return count_.load(memory_acquire) == 1; }

private:
    Atomic<std::uint32_t> count_{1};
};

/// What all copies of a ContextVar refer to.
class ContextVarCore {
public:
    explicit ContextVarCore(std::string name);
    ContextVarCore(const ContextVarCore&) = delete;
    ContextVarCore& operator=(const ContextVarCore&) = delete;

    void retain() noexcept;
    void release() noexcept;

    const std::uint64_t number;  // unique in the process; small numbers make a flat map
    const std::string name;

protected:
    virtual ~ContextVarCore() = default;

private:
    SharedCount references_;
};

/// The value of a variable. Never changes: setting the variable makes another entry.
class ContextEntry : public Pooled {
public:
    ContextEntry(const ContextEntry&) = delete;
    ContextEntry& operator=(const ContextEntry&) = delete;

    void retain() noexcept;
    void release() noexcept;

    [[nodiscard]] ContextVarCore& var() const noexcept { return *var_; }
    [[nodiscard]] virtual std::any value_as_any() const = 0;

protected:
    explicit ContextEntry(ContextVarCore& var) noexcept;
    virtual ~ContextEntry();

private:
    ContextVarCore* var_;
    SharedCount references_;
};
using ContextEntryPtr = IntrusivePtr<ContextEntry>;

template <class T>
class ContextEntryOf final : public ContextEntry {
public:
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__,
                  "the value of a context variable must not be over-aligned");

    template <class U>
    ContextEntryOf(ContextVarCore& var, U&& initial) : ContextEntry(var),
                                                       value(std::forward<U>(initial)) {}
    [[nodiscard]] std::any value_as_any() const override { return std::any(std::in_place_type<T>, value); }

    const T value;
};

struct ContextNode;

/// A persistent map from variables to entries: a copy shares everything, in constant time, and neither sees the other's
/// changes. A change copies the nodes on its way that are shared, and no others.
///
/// A trie over the digits of the variable's number, lowest first. A place is empty (0), an entry, or a node (tagged
/// with 1), the root too; so the map of one variable is its entry.
class ContextMap {
public:
    static constexpr std::uintptr_t node_tag = 1;

    ContextMap() noexcept = default;
    ContextMap(const ContextMap& other) noexcept : root_(other.root_ == 0 ? 0 : shared(other.root_)) {}
    ContextMap(ContextMap&& other) noexcept : root_(exchanged(other.root_, 0)) {}
    ContextMap& operator=(ContextMap other) noexcept {
        root_ = exchanged(other.root_, root_);
        return *this;
    }
    ~ContextMap() {
        if (root_ != 0) drop(root_);
    }

    /// The whole map as one word, and back. A word is 0 for the empty map, and leaves bit 1 to its user.
    static ContextMap adopt(std::uintptr_t word) noexcept {
        ContextMap map;
        map.root_ = word;
        return map;
    }
    [[nodiscard]] std::uintptr_t detach() noexcept { return exchanged(root_, 0); }
    [[nodiscard]] std::uintptr_t word() const noexcept { return root_; }
    /// The word with a further reference. Precondition: not 0.
    [[nodiscard]] static std::uintptr_t shared(std::uintptr_t word) noexcept;
    static void drop(std::uintptr_t word) noexcept;

    /// nullptr when the variable has no value. The entry lives until the map is changed or destroyed.
    [[nodiscard]] static inline ContextEntry* find(std::uintptr_t word, const ContextVarCore& var) noexcept;
    [[nodiscard]] ContextEntry* find(const ContextVarCore& var) const noexcept { return find(root_, var); }

    /// Both return the entry that was there, if any. They may throw std::bad_alloc; the map is as before then.
    ContextEntryPtr assign(ContextEntryPtr entry);
    ContextEntryPtr erase(const ContextVarCore& var);

    /// In no particular order; the pointers live as long as the map does not change.
    [[nodiscard]] std::vector<ContextEntry*> entries() const;

private:
    std::uintptr_t root_ = 0;
};

struct ContextNode : Pooled {
    // Eight: setting a variable in a shared map copies one node of 72 bytes for up to eight variables.
    static constexpr std::size_t width = 8;

    ContextNode() noexcept = default;
    ContextNode(const ContextNode& other) noexcept;
    ContextNode& operator=(const ContextNode&) = delete;
    ~ContextNode();

    SharedCount references;
    std::uintptr_t places[width] = {};
};

ContextEntry* ContextMap::find(std::uintptr_t word, const ContextVarCore& var) noexcept {
    std::uint64_t digits = var.number;
    while ((word & node_tag) != 0) {
        word = reinterpret_cast<const ContextNode*>(word - node_tag)->places[digits % ContextNode::width];
        digits /= ContextNode::width;
    }
    auto* entry = reinterpret_cast<ContextEntry*>(word);
    return entry != nullptr && &entry->var() == &var ? entry : nullptr;
}

}  // namespace asyncio::detail
