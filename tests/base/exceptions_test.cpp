// The exceptions' place in C++'s hierarchy and their texts: section 21 of the specification.

#include <asyncio/base/exceptions.hpp>

#include <gtest/gtest.h>

#include <cerrno>
#include <exception>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>

namespace {

using namespace asyncio;

template <class Base, class Derived>
constexpr bool is_a = std::is_base_of_v<Base, Derived>;

static_assert(!is_a<std::exception, CancelledError>, "EXC-1");
static_assert(!is_a<std::exception, KeyboardInterrupt> && !is_a<std::exception, SystemExit> &&
                  !is_a<std::exception, GeneratorExit>,
              "EXC-6");
static_assert(is_a<std::runtime_error, RuntimeError> && is_a<std::out_of_range, LookupError>, "EXC-5");
static_assert(is_a<EOFError, IncompleteReadError>, "EXC-4");

template <class Expected>
void expect_os_error(int error) {
    try {
        throw_os_error(error, "connect to 127.0.0.1:80");
    } catch (const Expected& thrown) {
        EXPECT_EQ(thrown.code(), std::error_code(error, std::system_category()));
        EXPECT_EQ(std::string(thrown.what()).find("connect to 127.0.0.1:80: "), 0U) << thrown.what();
        return;
    } catch (...) {
    }
    ADD_FAILURE() << "errno " << error << " gives another class";
}

TEST(Exceptions, EXC_1_CancelledError_passes_handlers_of_std_exception) {
    std::string caught;
    try {
        try {
            throw CancelledError("why");
        } catch (const std::exception&) {
            caught = "swallowed";
        }
    } catch (const CancelledError& error) {
        caught = error.message();
    }
    EXPECT_EQ(caught, "why");
    EXPECT_EQ(CancelledError().message(), "");
}

TEST(Exceptions, EXC_2_TimeoutError_has_a_cause) {
    EXPECT_EQ(TimeoutError().cause(), nullptr);
    const TimeoutError error(std::make_exception_ptr(CancelledError("x")));
    EXPECT_THROW(std::rethrow_exception(error.cause()), CancelledError);
    EXPECT_STREQ(TimeoutError("no answer").what(), "no answer");
}

TEST(Exceptions, EXC_3_names_and_bases_as_in_python) {
    static_assert(std::is_base_of_v<std::exception, asyncio::InvalidStateError>);
    static_assert(!std::is_base_of_v<asyncio::RuntimeError, asyncio::InvalidStateError>);
    static_assert(std::is_base_of_v<asyncio::RuntimeError, asyncio::SendfileNotAvailableError>);
    EXPECT_STREQ(asyncio::InvalidStateError("Result is not ready.").what(), "Result is not ready.");
    EXPECT_STREQ(asyncio::SendfileNotAvailableError("no").what(), "no");
}

TEST(Exceptions, EXC_4_IncompleteReadError) {
    const IncompleteReadError some("abc", 10);
    EXPECT_STREQ(some.what(), "3 bytes read on a total of 10 expected bytes");
    EXPECT_EQ(some.partial(), "abc");
    EXPECT_EQ(some.expected(), 10U);
    const IncompleteReadError unknown("", std::nullopt);
    EXPECT_STREQ(unknown.what(), "0 bytes read on a total of undefined expected bytes");
}

TEST(Exceptions, EXC_4_LimitOverrunError) {
    const LimitOverrunError error("too long", 7);
    EXPECT_STREQ(error.what(), "too long");
    EXPECT_EQ(error.consumed(), 7U);
}

TEST(Exceptions, EXC_5_system_errors_have_pythons_classes) {
    expect_os_error<BlockingIOError>(EAGAIN);
    expect_os_error<BlockingIOError>(EINPROGRESS);
    expect_os_error<BrokenPipeError>(EPIPE);
    expect_os_error<BrokenPipeError>(ESHUTDOWN);
    expect_os_error<ConnectionAbortedError>(ECONNABORTED);
    expect_os_error<ConnectionRefusedError>(ECONNREFUSED);
    expect_os_error<ConnectionResetError>(ECONNRESET);
    expect_os_error<FileNotFoundError>(ENOENT);
    expect_os_error<FileExistsError>(EEXIST);
    expect_os_error<PermissionError>(EACCES);
    expect_os_error<PermissionError>(EPERM);
    expect_os_error<std::system_error>(EMFILE);
}

TEST(Exceptions, EXC_6_SystemExit_has_a_code) {
    EXPECT_EQ(SystemExit().code(), 0);
    EXPECT_EQ(SystemExit(3).code(), 3);
}

}  // namespace
