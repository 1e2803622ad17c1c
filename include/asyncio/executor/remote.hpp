#pragma once

#include <asyncio/executor/codec.hpp>
#include <asyncio/executor/remote_errors.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace asyncio {

namespace detail {

/// One function that other processes may call; in the list of such functions as long as it lives.
class RemoteEntry {
public:
    /// Reads the arguments, calls, writes the result.
    using Call = void (*)(ByteSource& arguments, ByteSink& result);
    using Address = void (*)();

    /// `signature` is what remote_signature says, the same in every process of the program.
    RemoteEntry(std::string_view signature, Address function, Call call);
    RemoteEntry(const RemoteEntry&) = delete;
    RemoteEntry& operator=(const RemoteEntry&) = delete;
    ~RemoteEntry();

    /// "shop::total", without parameters.
    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    [[nodiscard]] std::string_view signature() const noexcept { return signature_; }
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] Address function() const noexcept { return function_; }

    /// Writes which function is to be called. Throws RuntimeError when there is another one of this name.
    void begin_call(ByteSink& request) const;
    void call(ByteSource& arguments, ByteSink& result) const { call_(arguments, result); }

private:
    std::string_view signature_;
    std::string_view name_;
    std::uint64_t id_;
    Address function_;
    Call call_;
};

/// What the compiler calls F, with the types of its parameters.
template <auto F, class Type>
consteval std::string_view remote_signature() {
    return __PRETTY_FUNCTION__;
}

/// For what is no function; RemoteFunction says so.
template <class F>
struct RemoteSignature {
    using Result = void;
    using Arguments = std::tuple<>;
    static constexpr bool changes_arguments = false;
};

template <class R, class... Parameters>
struct RemoteSignature<R (*)(Parameters...)> {
    using Result = std::remove_cvref_t<R>;
    using Arguments = std::tuple<std::decay_t<Parameters>...>;

    template <class... A>
    static constexpr bool takes() {
        if constexpr (sizeof...(A) != sizeof...(Parameters)) {
            return false;
        } else {
            return (std::is_convertible_v<A, std::decay_t<Parameters>> && ...);
        }
    }
    static constexpr bool changes_arguments =
        ((std::is_lvalue_reference_v<Parameters> && !std::is_const_v<std::remove_reference_t<Parameters>>) || ...);

    /// Writes the arguments as the parameters are; converts those of another type.
    template <class... A>
    static void encode([[maybe_unused]] ByteSink& sink, A&&... arguments) {
        (encode_one<std::decay_t<Parameters>>(sink, std::forward<A>(arguments)), ...);
    }
    static Arguments decode([[maybe_unused]] ByteSource& source) {
        return Arguments{asyncio::decode<std::decay_t<Parameters>>(source)...};
    }
    template <class F>
    static R call(F function, Arguments& arguments) {
        return std::apply(
            [function](std::decay_t<Parameters>&... each) -> R { return function(static_cast<Parameters&&>(each)...); },
            arguments);
    }

private:
    template <class P, class A>
    static void encode_one(ByteSink& sink, A&& argument) {
        if constexpr (std::is_same_v<std::remove_cvref_t<A>, P>) {
            asyncio::encode<P>(sink, argument);
        } else {
            const P converted = std::forward<A>(argument);
            asyncio::encode<P>(sink, converted);
        }
    }
};
template <class R, class... Parameters>
struct RemoteSignature<R (*)(Parameters...) noexcept> : RemoteSignature<R (*)(Parameters...)> {};

template <class F>
concept PointerToFunction = std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>;

/// What the other process runs: reads the arguments, calls, writes the result.
template <auto F>
void run_remote_call(ByteSource& source, ByteSink& result) {
    using Signature = RemoteSignature<decltype(F)>;
    auto arguments = Signature::decode(source);
    source.require_end();
    if constexpr (std::is_void_v<typename Signature::Result>) {
        Signature::call(F, arguments);
    } else {
        asyncio::encode<typename Signature::Result>(result, Signature::call(F, arguments));
    }
}

template <auto F>
struct RemoteEntryOf {
    static RemoteEntry entry;
};
template <auto F>
RemoteEntry RemoteEntryOf<F>::entry{remote_signature<F, decltype(F)>(), reinterpret_cast<RemoteEntry::Address>(F),
                                    &run_remote_call<F>};

}  // namespace detail

/// A function with a name that every process of this program knows; see `remote`. An empty object: the function is in
/// its type. Calling it calls the function, here.
template <auto F>
class RemoteFunction {
    static_assert(
        detail::PointerToFunction<decltype(F)>,
        "asyncio::remote: only a function has a name in another process, not a lambda, a function object or a "
        "member function: write a function f and say asyncio::remote<&f>");
    using Signature = detail::RemoteSignature<decltype(F)>;
    static_assert(!detail::IsAwaitable<typename Signature::Result>,
                  "asyncio::remote: a coroutine function cannot be called in another process, which has no loop: call "
                  "one that does asyncio::run");
    static_assert(!Signature::changes_arguments,
                  "asyncio::remote: what the function does to an argument by reference would be lost: return it");

public:
    /// What it returns, without const and reference.
    using result_type = typename Signature::Result;
    /// The tuple of what is sent: the parameters, decayed.
    using arguments_type = typename Signature::Arguments;

    /// Whoever makes one has the function registered when the program starts.
    constexpr RemoteFunction() noexcept { static_cast<void>(&entry()); }

    /// Calls the function here, in this process.
    template <class... A>
        requires std::is_invocable_v<decltype(F), A...>
    decltype(auto) operator()(A&&... arguments) const {
        return F(std::forward<A>(arguments)...);
    }

    /// Used by the library.
    static constexpr const detail::RemoteEntry& entry() noexcept { return detail::RemoteEntryOf<F>::entry; }
};

/// Names a function for a job in another process: `pool.submit(asyncio::remote<&f>, 1, "two")`.
///
/// Functions, not lambdas, because the other process must find it: mentioning `remote<&f>` anywhere in the program
/// registers f when the program starts, under its name with namespace and parameters. Two different functions with one
/// name (in unnamed namespaces of two files, say) are an error when either is called, and of `check_remote_functions`.
/// Arguments and result need codecs (asyncio/executor/codec.hpp).
template <auto F>
inline constexpr RemoteFunction<F> remote{};

/// Throws RuntimeError when two remote functions of the program have one name.
void check_remote_functions();

namespace detail {

template <auto F, class... A>
void write_call(ByteSink& sink, A&&... arguments) {
    using Signature = RemoteSignature<decltype(F)>;
    constexpr bool fits = Signature::template takes<A...>();
    static_assert(fits, "asyncio::remote: the function takes other arguments (defaults do not count)");
    RemoteFunction<F>::entry().begin_call(sink);
    if constexpr (fits) Signature::encode(sink, std::forward<A>(arguments)...);
}

}  // namespace detail

/// A call as bytes. The arguments are converted to the types of the parameters. Throws what a codec throws;
/// RuntimeError when the program has two functions of this name.
template <auto F, class... A>
[[nodiscard]] std::string encode_call(A&&... arguments) {
    std::string request;
    ByteSink sink(request);
    detail::write_call<F>(sink, std::forward<A>(arguments)...);
    return request;
}

/// Makes the call that `encode_call` wrote, in whatever process of the same program, and writes to `reply` (in place of
/// what it holds) the result or the exception: that of the function, of a codec, or RemoteError when there is no such
/// function. The request is read until this returns.
void answer_call(std::span<const std::byte> request, std::string& reply) noexcept;

namespace detail {

/// As answer_call, with what goes along with the bytes: of the request, and of the reply, which is added to what is
/// there.
void answer_with_files(std::span<const std::byte> request, const SharedFiles* request_files, std::string& reply,
                       SharedFiles* reply_files) noexcept;

/// Returns where there is a result, and throws the exception where there is one.
void open_reply(ByteSource& reply);

}  // namespace detail

/// The result in a reply of `answer_call`, or its exception, thrown: of the same type where that is registered
/// (`register_remote_exception`), else a RemoteError; with the stack of where it was thrown (`remote_traceback`).
/// CodecError when the bytes are no such reply.
template <class R>
R decode_reply(std::span<const std::byte> reply, const detail::SharedFiles* files = nullptr) {
    ByteSource source(reply, files);
    detail::open_reply(source);
    if constexpr (std::is_void_v<R>) {
        source.require_end();
    } else {
        R result = decode<R>(source);
        source.require_end();
        return result;
    }
}

}  // namespace asyncio
