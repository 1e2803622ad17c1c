#include <asyncio/executor/remote_errors.hpp>

#include "base/symbols.hpp"
#include "remote_registry.hpp"
#include "remote_stack.hpp"

#include <asyncio/base/log.hpp>

#include <string_view>

namespace asyncio {

namespace detail {

namespace {

/// What follows in the bytes of an exception.
enum class ExceptionKind : unsigned char { registered = 1, other = 2 };

/// Never destroyed: jobs of other threads may throw while the program ends.
ExceptionTypes& exception_types() {
    static ExceptionTypes* types = [] {
        auto* made = new ExceptionTypes;
        enter_common_exceptions(*made);
        return made;
    }();
    return *types;
}

const std::type_info* type_of(const std::exception_ptr& error) noexcept {
    return error.__cxa_exception_type();
}

void encode_registered(ByteSink& sink, const RemoteExceptionType& type, const std::exception_ptr& error) {
    encode(sink, ExceptionKind::registered);
    encode(sink, std::string(type.type->name()));
    type.encode(sink, error);
}

void encode_other(ByteSink& sink, const std::exception_ptr& error) {
    encode(sink, ExceptionKind::other);
    const ExceptionText text = exception_text(error);
    encode(sink, text.type);
    encode(sink, text.what);
}

}  // namespace

ExceptionText exception_text(const std::exception_ptr& error) {
    const std::type_info* type = type_of(error);
    std::string name = type != nullptr ? exception_name(*type) : "unknown";
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& exception) {
        return {std::move(name), exception.what()};
    } catch (...) {
        return {std::move(name), describe(error)};
    }
}

void ExceptionTypes::enter(const RemoteExceptionType& type) {
    const std::lock_guard lock(mutex_);
    enter_as(*type.type, type);
    enter_as(*type.arrived_type, type);
}

const RemoteExceptionType* ExceptionTypes::find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const auto found = types_.find(name);
    return found == types_.end() ? nullptr : &found->second;
}

void ExceptionTypes::enter_as(const std::type_info& name, const RemoteExceptionType& type) {
    const auto [entry, entered] = types_.emplace(name.name(), type);
    if (!entered && *entry->second.type != *type.type)
        throw RuntimeError("two types of exceptions are called " + demangle(name.name()));
}

void enter_remote_exception(const RemoteExceptionType& type) {
    exception_types().enter(type);
}

void encode_exception(ByteSink& sink, const std::exception_ptr& error, RemoteStack stack) {
    stack.cause = remote_traceback(error);
    encode(sink, stack);
    const std::type_info* type = type_of(error);
    const RemoteExceptionType* registered = type != nullptr ? exception_types().find(type->name()) : nullptr;
    if (registered != nullptr) {
        const std::size_t before = sink.bytes().size();
        try {
            encode_registered(sink, *registered, error);
            return;
        } catch (...) {
            sink.bytes().resize(before);  // it goes as what can be said of it
        }
    }
    encode_other(sink, error);
}

void rethrow_exception_from(ByteSource& source) {
    const detail::Nesting nesting = source.nest();
    auto stack = std::make_shared<const RemoteStack>(decode<RemoteStack>(source));
    switch (decode<ExceptionKind>(source)) {
        case ExceptionKind::registered: {
            const auto name = decode<std::string>(source);
            const RemoteExceptionType* type = exception_types().find(name);
            if (type != nullptr) type->rethrow(source, std::move(stack));
            throw_with_traceback(
                RemoteError(demangle(name.c_str()), "the type of the exception is not registered here"),
                std::move(stack));
        }
        case ExceptionKind::other: {
            auto name = decode<std::string>(source);
            const auto text = decode<std::string>(source);
            throw_with_traceback(RemoteError(std::move(name), text), std::move(stack));
        }
    }
    throw CodecError("an exception begins with an unknown byte");
}

}  // namespace detail

std::string remote_traceback(const std::exception& error) {
    const auto* traceback = dynamic_cast<const detail::RemoteTraceback*>(&error);
    return traceback != nullptr ? traceback->stack()->text() : std::string();
}

std::string remote_traceback(const std::exception_ptr& error) {
    if (error == nullptr) return {};
    try {
        std::rethrow_exception(error);
    } catch (const detail::RemoteTraceback& traceback) {
        return traceback.stack()->text();
    } catch (...) {
        return {};
    }
}

void codec_for<std::exception_ptr>::encode(ByteSink& sink, const std::exception_ptr& error) {
    asyncio::encode(sink, error != nullptr);
    if (error == nullptr) return;
    const detail::Nesting nesting = sink.nest();
    detail::encode_exception(sink, error, {});
}

std::exception_ptr codec_for<std::exception_ptr>::decode(ByteSource& source) {
    if (!asyncio::decode<bool>(source)) return nullptr;
    const std::size_t before = source.remaining();
    try {
        detail::rethrow_exception_from(source);
    } catch (const CodecError&) {
        if (source.remaining() == before) throw;
        return std::current_exception();
    } catch (...) {
        return std::current_exception();
    }
}

}  // namespace asyncio
