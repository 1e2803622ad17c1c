#pragma once

#include <asyncio/base/context.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

template <class T>
class ContextVarCoreOf final : public ContextVarCore {
public:
    explicit ContextVarCoreOf(std::string name) : ContextVarCore(std::move(name)) {}
    template <class U>
    ContextVarCoreOf(std::string name, U&& value)
        : ContextVarCore(std::move(name)),
          fallback(std::in_place, std::forward<U>(value)) {}
    const std::optional<T> fallback;
};

/// What a Token remembers.
struct TokenState {
    IntrusivePtr<ContextVarCore> var;
    ContextCorePtr context;
    ContextEntryPtr old;
    bool used = false;
};

/// Sets the entry's variable in the current context.
[[nodiscard]] TokenState set_in_current(ContextEntryPtr entry);
/// Undoes that; throws what ContextVar::reset throws.
void reset_in_current(const ContextVarCore& var, TokenState& token);
/// The same if it can be undone here; does nothing otherwise.
void try_reset(TokenState& token) noexcept;
[[noreturn]] void throw_not_set(const ContextVarCore& var);

}  // namespace detail

/// What `ContextVar::set` returns: undoes it once. Move-only; one that was moved from counts as used.
/// Mirrors contextvars.Token (since 3.7).
template <class T>
class Token {
public:
    /// Used by the library.
    explicit Token(detail::TokenState state) noexcept : state_(std::move(state)) {}
    /// Moves the token; `other` counts as used.
    Token(Token&& other) noexcept : state_(other.state_) { other.state_.used = true; }
    /// The same. What this token could have undone stays as it is.
    Token& operator=(Token&& other) noexcept {
        if (this == &other) return *this;
        state_ = other.state_;
        other.state_.used = true;
        return *this;
    }

    /// The variable that was set.
    [[nodiscard]] ContextVar<T> var() const noexcept { return ContextVar<T>(state_.var); }
    /// The value before `set`; nullopt (Python: Token.MISSING) when there was none.
    [[nodiscard]] std::optional<T> old_value() const {
        if (!state_.old) return std::nullopt;
        return static_cast<const detail::ContextEntryOf<T>&>(*state_.old).value;
    }

private:
    friend class ContextVar<T>;
    template <class>
    friend class ContextVarScope;
    detail::TokenState state_;
};

/// What `ContextVar::scoped` returns: resets the variable at the end of the scope. When another context is the current
/// one there (the guard was moved into other hands), it leaves both alone. Never throws.
template <class T>
class [[nodiscard("the variable is reset when the guard is destroyed")]] ContextVarScope {
public:
    /// Resets with this token at the end of the scope.
    explicit ContextVarScope(Token<T> token) noexcept : token_(std::move(token)) {}
    ContextVarScope(ContextVarScope&&) noexcept = default;
    ContextVarScope& operator=(ContextVarScope&&) = delete;
    ~ContextVarScope() { detail::try_reset(token_.state_); }

private:
    Token<T> token_;
};

/// A variable that has a value of its own in every context: each task, callback and thread sees what was set where it
/// was created, and its own changes. Make it once, at namespace scope; copies refer to the same variable.
///
///     const asyncio::ContextVar<std::string> user{"user", "nobody"};
///     auto token = user.set("ann");   // seen by coroutines awaited from here, and by tasks created from here
///     user.reset(token);
///
/// T is copyable, since contexts share values; take a std::shared_ptr for what is not.
/// Thread safety: any thread. Mirrors contextvars.ContextVar (since 3.7).
template <class T>
class ContextVar : public AnyContextVar {
    static_assert(std::is_copy_constructible_v<T> && std::is_same_v<T, std::remove_cvref_t<T>>,
                  "the type of a context variable must be copyable, and no reference");

public:
    using value_type = T;

    /// Without a default: `get()` throws LookupError where no value is set.
    explicit ContextVar(std::string name) : AnyContextVar(adopt(new Core(std::move(name)))) {}
    /// With a default, which no context holds.
    template <class U>
        requires std::constructible_from<T, U>
    ContextVar(std::string name, U&& fallback)
        : AnyContextVar(adopt(new Core(std::move(name), std::forward<U>(fallback)))) {}
    /// Used by the library.
    explicit ContextVar(detail::IntrusivePtr<detail::ContextVarCore> core) noexcept : AnyContextVar(std::move(core)) {}

    /// The value in the current context, else the default. Throws LookupError when there is neither.
    [[nodiscard]] T get() const {
        const T* value = get_if();
        if (value == nullptr) [[unlikely]]
            detail::throw_not_set(*core_);
        return *value;
    }
    /// The value in the current context, else `fallback` (and not the default).
    [[nodiscard]] T get(T fallback) const {
        const auto* entry = find();
        return entry != nullptr ? entry->value : std::move(fallback);
    }
    /// As `get()`, without a copy: nullptr when there is neither. Valid until the variable is set or reset in this
    /// context, or the context ends.
    [[nodiscard]] const T* get_if() const noexcept {
        if (const auto* entry = find()) return &entry->value;
        const auto& fallback = static_cast<const Core&>(*core_).fallback;
        return fallback ? &*fallback : nullptr;
    }

    /// Sets the value in the current context. The token undoes it; it need not be kept. Throws std::bad_alloc.
    template <class U = T>
        requires std::constructible_from<T, U>
    Token<T> set(U&& value) const {
        using Entry = detail::ContextEntryOf<T>;
        return Token<T>(
            detail::set_in_current(detail::ContextEntryPtr::adopt(new Entry(*core_, std::forward<U>(value)))));
    }
    /// Restores what was before the `set` that gave the token: the value, or none. Throws RuntimeError when it was used
    /// already, std::invalid_argument when it is of another variable or was made in another context.
    void reset(Token<T>& token) const { detail::reset_in_current(*core_, token.state_); }
    /// The same with a temporary.
    void reset(Token<T>&& token) const { reset(token); }
    /// Sets the value until the end of the scope: `auto guard = user.scoped("ann");` Mirrors `with var.set(x):` (3.14).
    template <class U = T>
        requires std::constructible_from<T, U>
    ContextVarScope<T> scoped(U&& value) const {
        return ContextVarScope<T>(set(std::forward<U>(value)));
    }

private:
    friend class Context;
    using Core = detail::ContextVarCoreOf<T>;

    static detail::IntrusivePtr<detail::ContextVarCore> adopt(detail::ContextVarCore* core) noexcept {
        return detail::IntrusivePtr<detail::ContextVarCore>::adopt(core);
    }
    [[nodiscard]] const detail::ContextEntryOf<T>* find() const noexcept {
        std::uintptr_t bits = detail::thread_context.bits();
        if (detail::ContextWord::is_core(bits)) bits = detail::ContextWord::core_at(bits).map.word();
        return static_cast<const detail::ContextEntryOf<T>*>(detail::ContextMap::find(bits, *core_));
    }
    [[nodiscard]] const detail::ContextEntryOf<T>* find_in(const detail::ContextMap& map) const noexcept {
        return static_cast<const detail::ContextEntryOf<T>*>(map.find(*core_));
    }
};

template <class T>
T Context::operator[](const ContextVar<T>& var) const {
    const auto* entry = var.find_in(core_->map);
    if (entry == nullptr) detail::throw_not_set(var.core());
    return entry->value;
}

template <class T>
std::optional<T> Context::get(const ContextVar<T>& var) const {
    const auto* entry = var.find_in(core_->map);
    return entry != nullptr ? std::optional<T>(entry->value) : std::nullopt;
}

template <class T>
T Context::get(const ContextVar<T>& var, std::type_identity_t<T> fallback) const {
    const auto* entry = var.find_in(core_->map);
    return entry != nullptr ? entry->value : std::move(fallback);
}

}  // namespace asyncio
