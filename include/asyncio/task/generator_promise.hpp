#pragma once

#include <asyncio/base/intrusive_list.hpp>
#include <asyncio/base/light_traits.hpp>
#include <asyncio/task/closure.hpp>
#include <asyncio/task/promise.hpp>

#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <optional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

namespace asyncio {

template <class T, class Sent = void>
class AsyncGenerator;

namespace detail {

class GeneratorPromiseBase;

/// A request to an async generator, and where its answer goes. Lies in the frame of whoever awaits it. `child` stays
/// null, since the frame does not belong to the request: that is how PromiseBase::is_generator tells a generator.
struct GeneratorSlotBase : SlotBase {
    enum class Request : std::uint8_t {
        item,   // next() and asend(): go on
        raise,  // athrow(): throw `error` at the co_yield
        exit,   // aclose(): throw GeneratorExit at the co_yield
    };

    explicit GeneratorSlotBase(Request kind, std::exception_ptr thrown = nullptr) noexcept : request(kind) {
        error = std::move(thrown);
    }

    /// Ends the request, after the generator has answered: a generator that has come to its end, or has lost its
    /// handle meanwhile, is destroyed.
    void answered() noexcept;

    GeneratorPromiseBase* generator = nullptr;  // while the request is inside, as long as the frame exists
    void* sent = nullptr;                       // of asend(): a Sent
    Request request;
    bool awaited = false;  // a request is for one await
};

/// What next() gives: the item, or nothing at the end. Both kinds are tested and dereferenced alike.
template <class T>
using GeneratorItem = std::conditional_t<std::is_reference_v<T>, std::remove_reference_t<T>*, std::optional<T>>;

template <class T>
struct GeneratorSlot : GeneratorSlotBase {
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__,
                  "an item must not be over-aligned: compilers do not align coroutine frames for it");
    using GeneratorSlotBase::GeneratorSlotBase;
    GeneratorItem<T> item{};
};

/// The untyped part of an async generator's promise.
///
///     unstarted ──request──► running ──co_yield──► suspended        aclose() of an unstarted one
///         │                   ▲ │  └──request─────────┘              destroys the frame at once
///         │                   └─┘ awaits                             finished: destroyed by the request
///         └──► (destroyed) ◄── finished
///
/// The frame belongs to the AsyncGenerator; while it runs, also to the request, which destroys it when the
/// AsyncGenerator has gone meanwhile. Whoever destroys it, the AsyncGenerator and the request are told.
class GeneratorPromiseBase : public PromiseBase, public ListHook {
public:
    enum class State : std::uint8_t { unstarted, running, suspended, finished };

    class Final {
    public:
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <class P>
        [[gnu::always_inline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<P> handle) const noexcept {
            return handle.promise().answer(State::finished);
        }
        void await_resume() const noexcept {}
    };

    GeneratorPromiseBase() noexcept = default;
    GeneratorPromiseBase(const GeneratorPromiseBase&) = delete;
    GeneratorPromiseBase& operator=(const GeneratorPromiseBase&) = delete;
    ~GeneratorPromiseBase() {
        if (owner != nullptr) *owner = nullptr;
        if (slot != nullptr) request().generator = nullptr;
    }

    Final final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}

    [[nodiscard]] GeneratorSlotBase& request() const noexcept { return *static_cast<GeneratorSlotBase*>(slot); }

    [[gnu::always_inline]] std::coroutine_handle<> enter(PromiseBase& requester, GeneratorSlotBase& request) noexcept {
        request.generator = this;
        slot = &request;
        caller = &requester;
        state = State::running;
        return transfer(handle());
    }
    [[gnu::always_inline]] std::coroutine_handle<> answer(State next) noexcept {
        state = next;
        slot = nullptr;
        return transfer(detail::exchanged(caller, nullptr)->handle());
    }

    GeneratorPromiseBase** owner = nullptr;  // the pointer inside the AsyncGenerator; null when that is gone
    State state = State::unstarted;
};

static_assert(alignof(GeneratorPromiseBase) == alignof(PromiseBase), "a PromiseBase* finds the coroutine");

inline void GeneratorSlotBase::answered() noexcept {
    if (generator == nullptr) return;
    if (generator->state == GeneratorPromiseBase::State::finished || generator->owner == nullptr) [[unlikely]]
        generator->handle().destroy();
    generator = nullptr;
}

[[noreturn]] void throw_request_reused(GeneratorSlotBase::Request request);
/// Throws at a co_yield what the request asks for.
[[noreturn]] void throw_requested(GeneratorSlotBase& request);

/// Suspends at a co_yield; gives what the next request sends.
template <class Sent>
class YieldAwaiter {
public:
    explicit YieldAwaiter(GeneratorPromiseBase& promise) noexcept : promise_(&promise) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class P>
    [[gnu::always_inline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<P>) const noexcept {
        return promise_->answer(GeneratorPromiseBase::State::suspended);
    }
    auto await_resume() const {
        GeneratorSlotBase& request = promise_->request();
        if (request.request != GeneratorSlotBase::Request::item) [[unlikely]]
            throw_requested(request);
        if constexpr (!std::is_void_v<Sent>) {
            std::optional<Sent> value;
            if (request.sent != nullptr) value.emplace(std::move(*static_cast<Sent*>(request.sent)));
            return value;
        }
    }

private:
    GeneratorPromiseBase* promise_;
};

template <class T, class U>
concept YieldableAs =
    (!std::is_reference_v<T> && std::constructible_from<T, U>) ||
    (std::is_reference_v<T> && std::convertible_to<std::remove_reference_t<U>*, std::remove_reference_t<T>*>);

template <class T, class Sent>
class GeneratorPromise final : public GeneratorPromiseBase {
public:
    // The default argument: see Promise<T>.
    AsyncGenerator<T, Sent> get_return_object(std::source_location function = std::source_location::current()) noexcept;

    template <class U = std::remove_cvref_t<T>>
        requires YieldableAs<T, U>
    YieldAwaiter<Sent> yield_value(U&& item, std::source_location place = std::source_location::current()) {
        static_assert(temporaries_survive_co_await || std::is_lvalue_reference_v<U> || !std::is_aggregate_v<U> ||
                          std::is_trivially_destructible_v<U>,
                      "GCC before 14 destroys a temporary aggregate twice inside co_yield: name it first and yield the "
                      "name, or give the type a constructor");
        where = place;
        // Whoever closes the generator has no room for an item.
        if (slot_kind() != GeneratorSlotBase::Request::exit) [[likely]] {
            auto& answer = static_cast<GeneratorSlot<T>&>(request());
            if constexpr (std::is_reference_v<T>) {
                answer.item = std::addressof(item);
            } else {
                answer.item.emplace(std::forward<U>(item));
            }
        }
        return YieldAwaiter<Sent>(*this);
    }

private:
    [[nodiscard]] GeneratorSlotBase::Request slot_kind() const noexcept { return request().request; }
};

/// Owns the frame of a generator and follows what becomes of it.
class GeneratorHandle {
public:
    explicit GeneratorHandle(GeneratorPromiseBase& promise) noexcept : promise_(&promise) { promise.owner = &promise_; }
    GeneratorHandle(GeneratorHandle&& other) noexcept { take(other); }
    GeneratorHandle& operator=(GeneratorHandle&& other) noexcept {
        if (this != &other) {
            if (promise_ != nullptr) drop();
            take(other);
        }
        return *this;
    }
    ~GeneratorHandle();  // not inline: in a std::optional, GCC 12 would take promise_ for uninitialised

    [[nodiscard]] GeneratorPromiseBase*& promise() noexcept { return promise_; }

private:
    void take(GeneratorHandle& other) noexcept {
        promise_ = detail::exchanged(other.promise_, nullptr);
        if (promise_ != nullptr) promise_->owner = &promise_;
    }
    /// Destroys the frame, or leaves it to the request that is inside.
    void drop() noexcept;

    GeneratorPromiseBase* promise_ = nullptr;  // null when the generator is finished
};

/// The untyped part of a request's awaiter. Refers to the pointer inside the AsyncGenerator.
class GeneratorAwaiter {
public:
    using Request = GeneratorSlotBase::Request;

protected:
    explicit GeneratorAwaiter(GeneratorPromiseBase*& generator) noexcept : generator_(&generator) {}
    [[nodiscard]] bool ready(GeneratorSlotBase& slot) const {
        if (detail::exchanged(slot.awaited, true)) [[unlikely]]
            throw_request_reused(slot.request);
        if (*generator_ != nullptr && (*generator_)->state == GeneratorPromiseBase::State::suspended) [[likely]]
            return false;
        return settle(slot);
    }

    GeneratorPromiseBase** generator_;

private:
    /// For a generator that is not suspended at a co_yield: true when there is nothing to wait for.
    [[nodiscard]] bool settle(GeneratorSlotBase& slot) const;
};

[[noreturn]] void throw_nothing_to_throw();

/// The text form of a generator, for messages.
[[nodiscard]] std::string describe_generator(const GeneratorPromiseBase& generator);

}  // namespace detail
}  // namespace asyncio
