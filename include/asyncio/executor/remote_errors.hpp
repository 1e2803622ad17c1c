#pragma once

#include <asyncio/base/standard/memory.hpp>
#include <asyncio/executor/codec.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace asyncio {

/// An exception of a job in another process whose type is not registered, or a job that could not be run there.
class RemoteError : public RuntimeError {
public:
    /// With the name of the exception's type, and its text.
    RemoteError(std::string type, const std::string& what) : RuntimeError(what), type_(std::move(type)) {}

    /// The name of the exception's type.
    [[nodiscard]] const std::string& type() const noexcept { return type_; }

private:
    std::string type_;
};

namespace detail {

/// Where an exception was thrown, see src/executor/remote_stack.hpp.
struct RemoteStack;
using RemoteStackPtr = std::shared_ptr<const RemoteStack>;

/// Second base of an exception that came from another process.
class RemoteTraceback {
public:
    explicit RemoteTraceback(RemoteStackPtr stack) noexcept;
    RemoteTraceback(const RemoteTraceback&);
    RemoteTraceback& operator=(const RemoteTraceback&);
    virtual ~RemoteTraceback();

    [[nodiscard]] const RemoteStackPtr& stack() const noexcept { return stack_; }

private:
    RemoteStackPtr stack_;
};

template <class E>
class WithRemoteTraceback final : public E, public RemoteTraceback {
public:
    WithRemoteTraceback(E&& error, RemoteStackPtr stack) : E(std::move(error)), RemoteTraceback(std::move(stack)) {}
};

template <class E>
inline constexpr bool takes_traceback = std::is_class_v<E> && !std::is_final_v<E>;

/// With the stack it was thrown on; exceptions of final classes go without.
template <class E>
[[noreturn]] void throw_with_traceback(E&& error, RemoteStackPtr stack) {
    if constexpr (takes_traceback<E>) {
        throw WithRemoteTraceback<E>(std::move(error), std::move(stack));
    } else {
        throw std::move(error);
    }
}

/// How exceptions of one type travel.
struct RemoteExceptionType {
    const std::type_info* type;
    /// What it is after it came from another process; the same for final classes.
    const std::type_info* arrived_type;
    /// Writes the exception, which the pointer refers to.
    void (*encode)(ByteSink& sink, const std::exception_ptr& error);
    /// Reads it and throws it.
    void (*rethrow)(ByteSource& source, RemoteStackPtr stack);
};

/// Throws RuntimeError when another type has this name.
void enter_remote_exception(const RemoteExceptionType& type);

/// Exceptions that are made of their text.
template <class E>
struct TextCodec {
    static void encode(ByteSink& sink, const E& error) { asyncio::encode(sink, std::string(error.what())); }
    static E decode(ByteSource& source) { return E(asyncio::decode<std::string>(source)); }
};

template <class E>
concept MadeOfText = std::derived_from<E, std::exception> && std::constructible_from<E, std::string>;

template <class E>
struct ExceptionCodec {
    static_assert(Codec<codec_for<E>, E>,
                  "register_remote_exception: the exception has neither a codec (asyncio::codec_for) nor a constructor "
                  "from its text");
    static void encode(ByteSink& sink, const E& error) { asyncio::encode(sink, error); }
    static E decode(ByteSource& source) { return asyncio::decode<E>(source); }
};
template <class E>
    requires(!Codec<codec_for<E>, E> && MadeOfText<E>)
struct ExceptionCodec<E> : TextCodec<E> {};

template <class E>
const std::type_info* arrived_type() noexcept {
    if constexpr (takes_traceback<E>) {
        return &typeid(WithRemoteTraceback<E>);
    } else {
        return &typeid(E);
    }
}

template <class E, class C = ExceptionCodec<E>>
RemoteExceptionType remote_exception_type() {
    return {
        &typeid(E), arrived_type<E>(),
        [](ByteSink& sink, const std::exception_ptr& error) {
            try {
                std::rethrow_exception(error);
            } catch (const E& exception) {
                C::encode(sink, exception);
            }
        },
        [](ByteSource& source, RemoteStackPtr stack) { throw_with_traceback<E>(C::decode(source), std::move(stack)); }};
}

}  // namespace detail

/// Has exceptions of exactly this type arrive as what they are when a job in another process throws them: before the
/// first job, in each process (a namespace-scope `const auto registered = asyncio::register_remote_exception<E>();`
/// does both). They travel by their codec (`codec_for<E>`), else as their `what()`, which a constructor must take.
/// Registered are the standard library's exceptions and asyncio's own. Always true.
///
/// Thread safety: any thread.
template <class E>
bool register_remote_exception() {
    detail::enter_remote_exception(detail::remote_exception_type<E>());
    return true;
}

/// The stack of the process where the exception was thrown, as text, or "" when it came from no other process or is of
/// a final class (as CancelledError).
[[nodiscard]] std::string remote_traceback(const std::exception& error);
/// The same for a pointer; "" for nullptr.
[[nodiscard]] std::string remote_traceback(const std::exception_ptr& error);

namespace detail {

/// Writes an exception and its stack. What cannot be written becomes a RemoteError.
void encode_exception(ByteSink& sink, const std::exception_ptr& error, RemoteStack stack);
/// Reads and throws it.
[[noreturn]] void rethrow_exception_from(ByteSource& source);

}  // namespace detail

/// An exception as a value, or nullptr: like those that jobs throw, without their stack.
template <>
struct codec_for<std::exception_ptr> {
    static void encode(ByteSink& sink, const std::exception_ptr& error);
    static std::exception_ptr decode(ByteSource& source);
};

}  // namespace asyncio
