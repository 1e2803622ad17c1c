#include "remote_registry.hpp"

#include <asyncio/base/exception_group.hpp>
#include <asyncio/base/exceptions.hpp>
#include <asyncio/executor/errors.hpp>
#include <asyncio/queue/errors.hpp>
#include <asyncio/sync/barrier.hpp>

#include <any>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

namespace asyncio::detail {

namespace {

/// Exceptions that are all alike.
template <class E>
struct AlikeCodec {
    static void encode(ByteSink& sink, const E&) { sink.write_size(0); }
    static E decode(ByteSource& source) {
        static_cast<void>(source.read(1));
        return E();
    }
};

struct ErrorCodeCodec {
    enum class Category : unsigned char { generic, system, iostream, future };

    static void encode(ByteSink& sink, const std::error_code& code) {
        asyncio::encode(sink, category_of(code));
        asyncio::encode(sink, code.value());
    }
    static std::error_code decode(ByteSource& source) {
        const auto category = asyncio::decode<Category>(source);
        const int value = asyncio::decode<int>(source);
        switch (category) {
            case Category::generic:
                return {value, std::generic_category()};
            case Category::system:
                return {value, std::system_category()};
            case Category::iostream:
                return {value, std::iostream_category()};
            case Category::future:
                return {value, std::future_category()};
        }
        throw CodecError("an error code of an unknown category");
    }

private:
    static Category category_of(const std::error_code& code) {
        if (code.category() == std::generic_category()) return Category::generic;
        if (code.category() == std::system_category()) return Category::system;
        if (code.category() == std::iostream_category()) return Category::iostream;
        if (code.category() == std::future_category()) return Category::future;
        throw CodecError(std::string("error codes of the category ") + code.category().name() + " cannot be sent");
    }
};

/// What it was made with: std::system_error appends the reason to it.
std::string text_without_reason(const std::system_error& error) {
    std::string text = error.std::system_error::what();
    const std::string reason = error.code().message();
    if (text == reason) return {};
    if (text.ends_with(": " + reason)) text.resize(text.size() - reason.size() - 2);
    return text;
}

template <class E>
struct SystemErrorCodec {
    static void encode(ByteSink& sink, const E& error) {
        ErrorCodeCodec::encode(sink, error.code());
        asyncio::encode(sink, text_without_reason(error));
    }
    static E decode(ByteSource& source) {
        const std::error_code code = ErrorCodeCodec::decode(source);
        const auto text = asyncio::decode<std::string>(source);
        if constexpr (std::constructible_from<E, std::error_code, std::string>) {
            return text.empty() ? E(code) : E(code, text);
        } else {
            return E(text, code);
        }
    }
};

struct FilesystemErrorCodec {
    using Error = std::filesystem::filesystem_error;

    static void encode(ByteSink& sink, const Error& error) {
        ErrorCodeCodec::encode(sink, error.code());
        asyncio::encode(sink, text_without_reason(error));
        asyncio::encode(sink, error.path1().string());
        asyncio::encode(sink, error.path2().string());
    }
    static Error decode(ByteSource& source) {
        const std::error_code code = ErrorCodeCodec::decode(source);
        const auto text = asyncio::decode<std::string>(source);
        const std::filesystem::path first = asyncio::decode<std::string>(source);
        const std::filesystem::path second = asyncio::decode<std::string>(source);
        if (!second.empty()) return {text, first, second, code};
        if (!first.empty()) return {text, first, code};
        return {text, code};
    }
};

struct FutureErrorCodec {
    static void encode(ByteSink& sink, const std::future_error& error) { ErrorCodeCodec::encode(sink, error.code()); }
    static std::future_error decode(ByteSource& source) {
        return std::future_error(static_cast<std::future_errc>(ErrorCodeCodec::decode(source).value()));
    }
};

struct RegexErrorCodec {
    static void encode(ByteSink& sink, const std::regex_error& error) {
        asyncio::encode(sink, static_cast<int>(error.code()));
    }
    static std::regex_error decode(ByteSource& source) {
        return std::regex_error(static_cast<std::regex_constants::error_type>(asyncio::decode<int>(source)));
    }
};

struct CancelledErrorCodec {
    static void encode(ByteSink& sink, const CancelledError& error) { asyncio::encode(sink, error.message()); }
    static CancelledError decode(ByteSource& source) { return CancelledError(asyncio::decode<std::string>(source)); }
};

struct SystemExitCodec {
    static void encode(ByteSink& sink, const SystemExit& error) { asyncio::encode(sink, error.code()); }
    static SystemExit decode(ByteSource& source) { return SystemExit(asyncio::decode<int>(source)); }
};

struct TimeoutErrorCodec {
    static void encode(ByteSink& sink, const TimeoutError& error) {
        asyncio::encode(sink, std::string(error.what()));
        asyncio::encode(sink, error.cause());
    }
    static TimeoutError decode(ByteSource& source) {
        const auto text = asyncio::decode<std::string>(source);
        return TimeoutError(text, asyncio::decode<std::exception_ptr>(source));
    }
};

struct IncompleteReadErrorCodec {
    static void encode(ByteSink& sink, const IncompleteReadError& error) {
        asyncio::encode(sink, error.partial());
        asyncio::encode(sink, error.expected());
    }
    static IncompleteReadError decode(ByteSource& source) {
        auto partial = asyncio::decode<std::string>(source);
        return {std::move(partial), asyncio::decode<std::optional<std::size_t>>(source)};
    }
};

struct LimitOverrunErrorCodec {
    static void encode(ByteSink& sink, const LimitOverrunError& error) {
        asyncio::encode(sink, std::string(error.what()));
        asyncio::encode(sink, error.consumed());
    }
    static LimitOverrunError decode(ByteSource& source) {
        const auto text = asyncio::decode<std::string>(source);
        return {text, asyncio::decode<std::size_t>(source)};
    }
};

struct RemoteErrorCodec {
    static void encode(ByteSink& sink, const RemoteError& error) {
        asyncio::encode(sink, error.type());
        asyncio::encode(sink, std::string(error.what()));
    }
    static RemoteError decode(ByteSource& source) {
        auto type = asyncio::decode<std::string>(source);
        return {std::move(type), asyncio::decode<std::string>(source)};
    }
};

template <class E>
struct GroupCodec {
    static void encode(ByteSink& sink, const E& group) {
        asyncio::encode(sink, group.message());
        asyncio::encode(sink, group.exceptions());
    }
    static E decode(ByteSource& source) {
        auto message = asyncio::decode<std::string>(source);
        auto exceptions = asyncio::decode<std::vector<std::exception_ptr>>(source);
        if (exceptions.empty()) throw CodecError("an exception group without exceptions");
        return E(std::move(message), std::move(exceptions));
    }
};

template <template <class> class C, class... Es>
void enter_all(ExceptionTypes& types) {
    (types.enter(remote_exception_type<Es, C<Es>>()), ...);
}

}  // namespace

void enter_common_exceptions(ExceptionTypes& types) {
    enter_all<TextCodec, std::logic_error, std::invalid_argument, std::domain_error, std::length_error,
              std::out_of_range, std::runtime_error, std::range_error, std::overflow_error, std::underflow_error>(
        types);
    enter_all<AlikeCodec, std::exception, std::bad_exception, std::bad_alloc, std::bad_array_new_length, std::bad_cast,
              std::bad_typeid, std::bad_any_cast, std::bad_function_call, std::bad_optional_access,
              std::bad_variant_access, std::bad_weak_ptr>(types);
    enter_all<SystemErrorCodec, std::system_error, std::ios_base::failure, BlockingIOError, BrokenPipeError,
              ConnectionAbortedError, ConnectionRefusedError, ConnectionResetError, FileNotFoundError, FileExistsError,
              PermissionError>(types);
    types.enter(remote_exception_type<std::filesystem::filesystem_error, FilesystemErrorCodec>());
    types.enter(remote_exception_type<std::future_error, FutureErrorCodec>());
    types.enter(remote_exception_type<std::regex_error, RegexErrorCodec>());

    enter_all<AlikeCodec, KeyboardInterrupt, GeneratorExit, QueueEmpty, QueueFull, QueueShutDown,
              futures::CancelledError>(types);
    enter_all<TextCodec, RuntimeError, InvalidStateError, SendfileNotAvailableError, LookupError, EOFError, CodecError,
              BrokenBarrierError, futures::Error, futures::InvalidStateError, futures::BrokenExecutor,
              futures::BrokenThreadPool>(types);
    enter_all<GroupCodec, BaseExceptionGroup, ExceptionGroup>(types);
    types.enter(remote_exception_type<CancelledError, CancelledErrorCodec>());
    types.enter(remote_exception_type<SystemExit, SystemExitCodec>());
    types.enter(remote_exception_type<TimeoutError, TimeoutErrorCodec>());
    types.enter(remote_exception_type<IncompleteReadError, IncompleteReadErrorCodec>());
    types.enter(remote_exception_type<LimitOverrunError, LimitOverrunErrorCodec>());
    types.enter(remote_exception_type<RemoteError, RemoteErrorCodec>());
}

}  // namespace asyncio::detail
