#include <asyncio/executor/interpreter_pool_executor.hpp>

#include "remote_registry.hpp"

#include <utility>

namespace asyncio {

namespace detail {

namespace {

std::exception_ptr broken_pool(const char* message, const std::exception_ptr& error) {
    ExceptionText text = exception_text(error);
    return std::make_exception_ptr(futures::BrokenInterpreterPool(
        message, std::make_exception_ptr(futures::ExecutionFailed(std::move(text.type), text.what))));
}

}  // namespace

std::string answer_interpreted(const std::string& request) {
    std::string reply;
    answer_call(std::as_bytes(std::span(request)), reply);
    try {
        ByteSource source(std::as_bytes(std::span(reply)));
        open_reply(source);
    } catch (const RemoteError& error) {
        futures::ExecutionFailed failed(error.type(), error.what());
        const auto* traceback = dynamic_cast<const RemoteTraceback*>(&error);
        if (traceback == nullptr) throw failed;
        throw_with_traceback(std::move(failed), traceback->stack());
    }
    return reply;
}

}  // namespace detail

namespace futures {

InterpreterPoolExecutor::InterpreterPoolExecutor(const ThreadPoolOptions& options)
    : threads_(options, "InterpreterPoolExecutor-", &detail::broken_pool) {}

}  // namespace futures
}  // namespace asyncio
