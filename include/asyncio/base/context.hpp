#pragma once

#include <asyncio/base/context_map.hpp>
#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/invoke.hpp>
#include <asyncio/base/light_traits.hpp>

#include <any>
#include <cstddef>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncio {

class Context;
template <class T>
class ContextVar;

namespace detail {

/// The shared state of a Context: a map that can be replaced, and whether a thread runs in it.
class ContextCore : public Pooled {
public:
    explicit ContextCore(ContextMap initial, bool is_entered = false) noexcept
        : map(std::move(initial)),
          entered_(is_entered) {}

    void retain() noexcept;
    void release() noexcept;

    /// False when a thread runs in it already.
    [[nodiscard]] bool enter() noexcept;
    void leave() noexcept { entered_.store(false, memory_release); }
    [[nodiscard]] bool entered() const noexcept { return entered_.load(memory_relaxed); }
    /// A Context refers to it, so other threads may try to enter it.
    void publish() noexcept {
        if (!published_) published_ = true;
    }

    ContextMap map;

private:
    SharedCount references_;
    Atomic<bool> entered_;
    bool published_ = false;
};
using ContextCorePtr = IntrusivePtr<ContextCore>;

/// A context in one word, as every task and every handle has one: a snapshot of a map (0 when that is empty) until
/// somebody sets a variable in it or asks for the Context, from then on a reference to a ContextCore.
class ContextWord {
public:
    static constexpr std::uintptr_t core_tag = 2;

    ContextWord() noexcept = default;
    explicit ContextWord(ContextCore& core) noexcept : bits_(reinterpret_cast<std::uintptr_t>(&core) + core_tag) {
        core.retain();
    }
    /// The context's own core, shared; a snapshot of the current context when there is none.
    static ContextWord of(ContextCore* core) noexcept { return core == nullptr ? snapshot() : ContextWord(*core); }
    /// What the current context holds now. Costs a few instructions when that is nothing.
    static inline ContextWord snapshot() noexcept;

    ContextWord(ContextWord&& other) noexcept : bits_(detail::exchanged(other.bits_, 0)) {}
    ContextWord& operator=(ContextWord&& other) noexcept {
        bits_ = detail::exchanged(other.bits_, bits_);
        return *this;
    }
    ~ContextWord() {
        if (bits_ != 0) drop(bits_);
    }

    /// The Context that this is. `running`: whether a thread is in it at the moment.
    [[nodiscard]] Context share(bool running);
    [[nodiscard]] bool entered() const noexcept { return is_core(bits_) && core_at(bits_).entered(); }

    [[nodiscard]] static bool is_core(std::uintptr_t bits) noexcept { return (bits & core_tag) != 0; }
    [[nodiscard]] static ContextCore& core_at(std::uintptr_t bits) noexcept {
        return *reinterpret_cast<ContextCore*>(bits - core_tag);
    }

private:
    friend class ContextScope;
    static std::uintptr_t snapshot_of(std::uintptr_t bits) noexcept;
    static void drop(std::uintptr_t bits) noexcept;

    std::uintptr_t bits_ = 0;
};

/// The bits of the context that this thread runs in: those of a ContextWord, or the thread's own, which start empty.
struct ThreadContext {
    std::uintptr_t* entered = nullptr;
    std::uintptr_t own = 0;

    [[nodiscard]] std::uintptr_t bits() const noexcept { return entered != nullptr ? *entered : own; }
};
extern constinit thread_local ThreadContext thread_context;

ContextWord ContextWord::snapshot() noexcept {
    ContextWord word;
    const std::uintptr_t bits = thread_context.bits();
    if (bits != 0) [[unlikely]]
        word.bits_ = snapshot_of(bits);
    return word;
}

/// Runs in a context until the end of the scope, also when it ends with an exception. The word must live until then.
class ContextScope {
public:
    explicit ContextScope(ContextWord& word) noexcept : word_(&word.bits_), previous_(thread_context.entered) {
        if (ContextWord::is_core(*word_)) [[unlikely]] {
            if (!ContextWord::core_at(*word_).enter()) {
                word_ = nullptr;
                return;
            }
        }
        thread_context.entered = word_;
    }
    ContextScope(const ContextScope&) = delete;
    ContextScope& operator=(const ContextScope&) = delete;
    // Inline even where it is cold, so that a scope lives in registers.
    [[gnu::always_inline]] ~ContextScope() { leave(); }

    /// False when a thread was in it already: then this scope changes nothing.
    [[nodiscard]] bool entered() const noexcept { return word_ != nullptr; }
    /// The end of the scope, before its time.
    [[gnu::always_inline]] void leave() noexcept {
        if (word_ == nullptr) return;
        if (ContextWord::is_core(*word_)) [[unlikely]]
            ContextWord::core_at(*word_).leave();
        thread_context.entered = previous_;
        word_ = nullptr;
    }

private:
    std::uintptr_t* word_;
    std::uintptr_t* previous_;
};

[[noreturn]] void throw_already_entered();

}  // namespace detail

/// A context variable of whatever type: a key of a Context. Copies refer to the same variable.
class AnyContextVar {
public:
    /// Used by the library.
    explicit AnyContextVar(detail::IntrusivePtr<detail::ContextVarCore> core) noexcept : core_(std::move(core)) {}
    // Moving copies the reference, so that there is always a variable.
    AnyContextVar(const AnyContextVar&) noexcept = default;
    AnyContextVar& operator=(const AnyContextVar&) noexcept = default;
    ~AnyContextVar();  // not inline: in a std::optional, GCC 12 would take core_ for uninitialised

    /// What the variable was named in its constructor; only for reading by people.
    [[nodiscard]] const std::string& name() const noexcept { return core_->name; }
    /// Used by the library.
    [[nodiscard]] detail::ContextVarCore& core() const noexcept { return *core_; }
    /// Whether both refer to the same variable.
    friend bool operator==(const AnyContextVar& a, const AnyContextVar& b) noexcept { return a.core_ == b.core_; }

protected:
    detail::IntrusivePtr<detail::ContextVarCore> core_;
};

/// A mapping of context variables to values, in which code can run. Copying the object copies the reference, as in
/// Python; `copy()` makes an independent context, in constant time.
///
/// Thread safety: one thread at a time, but `copy()`s are independent and may be used in other threads.
/// Mirrors contextvars.Context (since 3.7).
class Context {
public:
    /// An empty one.
    Context();
    /// Used by the library.
    explicit Context(detail::ContextCorePtr core) noexcept : core_(std::move(core)) { core_->publish(); }
    // Moving copies the reference, so that there is no Context without a state.
    Context(const Context&) noexcept = default;
    Context& operator=(const Context&) noexcept = default;
    ~Context() = default;

    /// Calls `callable(arguments...)` in this context: what it sets stays in here. Returns its result, throws its
    /// exceptions. Throws RuntimeError when a thread runs in this context already.
    template <class F, class... Args>
    std::invoke_result_t<F, Args...> run(F&& callable, Args&&... arguments) const {
        detail::ContextWord word(*core_);
        const detail::ContextScope scope(word);
        if (!scope.entered()) detail::throw_already_entered();
        return detail::invoke(std::forward<F>(callable), std::forward<Args>(arguments)...);
    }
    /// An independent context with the same values.
    [[nodiscard]] Context copy() const { return Context(detail::ContextCorePtr::adopt(new_core())); }

    /// Whether the variable has a value in here; its default is none.
    [[nodiscard]] bool contains(const AnyContextVar& var) const noexcept {
        return core_->map.find(var.core()) != nullptr;
    }
    /// The value. Throws LookupError (Python: KeyError) when there is none.
    template <class T>
    [[nodiscard]] T operator[](const ContextVar<T>& var) const;
    /// The value, nullopt when there is none.
    template <class T>
    [[nodiscard]] std::optional<T> get(const ContextVar<T>& var) const;
    /// The value, `fallback` when there is none.
    template <class T>
    [[nodiscard]] T get(const ContextVar<T>& var, std::type_identity_t<T> fallback) const;
    /// How many variables have a value. Linear in that.
    [[nodiscard]] std::size_t size() const;
    /// Whether no variable has a value.
    [[nodiscard]] bool empty() const noexcept { return core_->map.word() == 0; }
    /// Variables, values, and both, as they are now, in no particular order but all three in the same.
    [[nodiscard]] std::vector<AnyContextVar> keys() const;
    /// The values, in the order of `keys()`.
    [[nodiscard]] std::vector<std::any> values() const;
    /// Each variable with its value, in the order of `keys()`.
    [[nodiscard]] std::vector<std::pair<AnyContextVar, std::any>> items() const;

    /// Used by the library.
    [[nodiscard]] detail::ContextCore& core() const noexcept { return *core_; }
    /// Whether both refer to the same context.
    friend bool operator==(const Context& a, const Context& b) noexcept { return a.core_ == b.core_; }

private:
    [[nodiscard]] detail::ContextCore* new_core() const;

    detail::ContextCorePtr core_;
};

/// A new context with the values of the current one, in constant time. Mirrors contextvars.copy_context (since 3.7).
[[nodiscard]] Context copy_context();

/// The `context` among keyword arguments: a reference to a Context, or none. Owns nothing; the function that takes it
/// keeps the context, the caller only has to keep it during the call.
class ContextRef {
public:
    constexpr ContextRef() noexcept = default;
    /// None, as without an argument.
    constexpr ContextRef(std::nullopt_t) noexcept {}
    /// Refers to `context`, which the caller keeps.
    ContextRef(const Context& context) noexcept : core_(&context.core()) {}
    /// Whether there is a context.
    constexpr explicit operator bool() const noexcept { return core_ != nullptr; }
    /// Used by the library; nullptr without a context.
    [[nodiscard]] constexpr detail::ContextCore* core() const noexcept { return core_; }

private:
    detail::ContextCore* core_ = nullptr;
};
static_assert(detail::trivially_destructible<ContextRef>);

}  // namespace asyncio
