#include <asyncio/executor/remote.hpp>

#include <asyncio/base/exception_group.hpp>
#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/log.hpp>
#include <asyncio/executor/errors.hpp>
#include <asyncio/queue/errors.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cerrno>
#include <deque>
#include <filesystem>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

namespace shop {

struct Order {
    std::string item;
    int amount = 0;
};

int total(const std::vector<Order>& orders) {
    int sum = 0;
    for (const Order& order : orders) sum += order.amount;
    return sum;
}

}  // namespace shop

namespace {

std::span<const std::byte> as_bytes(const std::string& text) {
    return std::as_bytes(std::span(text));
}

/// What a pool does, in one process.
template <auto F, class... A>
typename asyncio::RemoteFunction<F>::result_type call(A&&... arguments) {
    const std::string request = asyncio::encode_call<F>(std::forward<A>(arguments)...);
    std::string reply = "what was there before";
    asyncio::answer_call(as_bytes(request), reply);
    return asyncio::decode_reply<typename asyncio::RemoteFunction<F>::result_type>(as_bytes(reply));
}

int twice(int x) {
    return 2 * x;
}
int calls = 0;
void count() {
    ++calls;
}
std::unique_ptr<int> pass_on(std::unique_ptr<int> box, std::string&& text) noexcept {
    return box ? std::move(box) : std::make_unique<int>(static_cast<int>(text.size()));
}
const std::string& of_static() {
    static const std::string text = "static";
    return text;
}

struct MyError : std::runtime_error {
    using std::runtime_error::runtime_error;
};
struct UnknownError : std::runtime_error {
    using std::runtime_error::runtime_error;
};
template <class T>
struct TypedError : std::runtime_error {
    using std::runtime_error::runtime_error;
};
struct HttpError {
    int status = 0;
    std::string reason;
};
const bool registered = asyncio::register_remote_exception<MyError>() &&
                        asyncio::register_remote_exception<HttpError>() && asyncio::register_remote_exception<int>() &&
                        asyncio::register_remote_exception<TypedError<std::vector<int>>>();

/// Throws the exception with this number.
enum class Thrown { my, unknown, http, number, text, cancelled, exit };
void throw_one(Thrown which) {
    switch (which) {
        case Thrown::my:
            throw MyError("mine");
        case Thrown::unknown:
            throw UnknownError("who?");
        case Thrown::http:
            throw HttpError{404, "not found"};
        case Thrown::number:
            throw 42;
        case Thrown::text:
            throw "text";
        case Thrown::cancelled:
            throw asyncio::CancelledError("enough");
        case Thrown::exit:
            throw asyncio::SystemExit(3);
    }
}

/// Exceptions that are made in the caller's process travel as an argument, are thrown by the job, and come back.
void throw_this(std::exception_ptr error) {
    std::rethrow_exception(std::move(error));
}
template <class E>
E after_trip(E error) {
    try {
        call<&throw_this>(std::make_exception_ptr(std::move(error)));
    } catch (const E& arrived) {
        return arrived;
    }
    throw std::logic_error("nothing was thrown");
}

using Either = std::variant<int, std::deque<int>>;
Either make_valueless() {
    Either value;
    try {
        value.emplace<std::deque<int>>(std::size_t(-1));
    } catch (const std::length_error&) {
        // As it should.
    }
    return value;
}
std::size_t index_of(const Either& value) {
    return value.index();
}

std::string message_of(auto&& function) {
    try {
        function();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST(Remote, PPE_2_a_function_is_called_by_its_name) {
    EXPECT_EQ(call<&twice>(21), 42);
    EXPECT_EQ(call<&shop::total>(std::vector<shop::Order>{{"nut", 2}, {"bolt", 3}}), 5);
    call<&count>();
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(call<&of_static>(), "static");
    EXPECT_EQ(asyncio::remote<&shop::total>.entry().name(), "shop::total");
}

TEST(Remote, PPE_2_arguments_are_converted_to_the_parameters) {
    EXPECT_EQ(call<&twice>('\1'), 2);
    EXPECT_EQ(*call<&pass_on>(nullptr, "four"), 4);
    EXPECT_EQ(*call<&pass_on>(std::make_unique<int>(5), "four"), 5);
}

TEST(Remote, PPE_2_it_can_be_called_here_too) {
    EXPECT_EQ(asyncio::remote<&twice>(4), 8);
    EXPECT_NO_THROW(asyncio::check_remote_functions());
}

TEST(Remote, PPE_5_an_exception_that_came_is_called_as_the_one_that_was_thrown) {
    const auto thrown = std::make_exception_ptr(TypedError<std::vector<int>>("wrong"));
    try {
        call<&throw_this>(thrown);
    } catch (...) {
        const std::string text = asyncio::detail::describe(std::current_exception());
        EXPECT_EQ(text, asyncio::detail::describe(thrown));
        EXPECT_THAT(text, HasSubstr("TypedError<std::vector<int"));
        return;
    }
    FAIL() << "nothing was thrown";
}

TEST(Remote, PPE_2_an_unknown_name_is_a_remote_error) {
    std::string request = asyncio::encode_call<&twice>(1);
    request[0] = static_cast<char>(request[0] ^ 1);
    std::string reply;
    asyncio::answer_call(as_bytes(request), reply);
    try {
        asyncio::decode_reply<int>(as_bytes(reply));
        FAIL() << "nothing was thrown";
    } catch (const asyncio::RemoteError& error) {
        EXPECT_THAT(error.what(), AllOf(HasSubstr("twice"), HasSubstr("not known in this process")));
    }
}

TEST(Remote, PPE_2_two_functions_of_one_name_are_an_error) {
    const auto& entry = asyncio::remote<&twice>.entry();
    const auto other = reinterpret_cast<asyncio::detail::RemoteEntry::Address>(&count);
    {
        const asyncio::detail::RemoteEntry intruder(entry.signature(), other, nullptr);
        EXPECT_THROW(asyncio::check_remote_functions(), asyncio::RuntimeError);
        EXPECT_THAT(message_of([] { return call<&twice>(1); }), AllOf(HasSubstr("two functions"), HasSubstr("twice")));
    }
    EXPECT_EQ(call<&twice>(1), 2);
}

TEST(Remote, PPE_5_registered_types_arrive_as_they_are) {
    EXPECT_TRUE(registered);
    EXPECT_EQ(message_of([] { call<&throw_one>(Thrown::my); }), "mine");
    EXPECT_THROW(call<&throw_one>(Thrown::my), MyError);
    EXPECT_THROW(call<&throw_one>(Thrown::number), int);
    try {
        call<&throw_one>(Thrown::http);
        FAIL() << "nothing was thrown";
    } catch (const HttpError& error) {
        EXPECT_EQ(error.status, 404);
        EXPECT_EQ(error.reason, "not found");
    }
}

TEST(Remote, PPE_5_other_types_arrive_as_remote_error) {
    try {
        call<&throw_one>(Thrown::unknown);
        FAIL() << "nothing was thrown";
    } catch (const asyncio::RemoteError& error) {
        EXPECT_THAT(error.type(), HasSubstr("UnknownError"));
        EXPECT_STREQ(error.what(), "who?");
    }
    try {
        call<&throw_one>(Thrown::text);
        FAIL() << "nothing was thrown";
    } catch (const asyncio::RemoteError& error) {
        EXPECT_EQ(error.type(), "char const*");
    }
}

TEST(Remote, PPE_5_exit_and_cancellation_are_just_exceptions) {
    try {
        call<&throw_one>(Thrown::exit);
        FAIL() << "nothing was thrown";
    } catch (const asyncio::SystemExit& error) {
        EXPECT_EQ(error.code(), 3);
    }
    try {
        call<&throw_one>(Thrown::cancelled);
        FAIL() << "nothing was thrown";
    } catch (const asyncio::CancelledError& error) {
        EXPECT_EQ(error.message(), "enough");
    }
}

TEST(Remote, PPE_5_standard_exceptions_keep_type_and_text) {
    EXPECT_STREQ(after_trip(std::invalid_argument("a")).what(), "a");
    EXPECT_STREQ(after_trip(std::out_of_range("b")).what(), "b");
    EXPECT_STREQ(after_trip(std::overflow_error("c")).what(), "c");
    EXPECT_STREQ(after_trip(std::bad_alloc()).what(), std::bad_alloc().what());
    EXPECT_STREQ(after_trip(std::bad_variant_access()).what(), std::bad_variant_access().what());
}

TEST(Remote, PPE_5_system_errors_keep_their_code) {
    const std::system_error given(ENOSPC, std::generic_category(), "write the file");
    const std::system_error arrived = after_trip(given);
    EXPECT_EQ(arrived.code(), given.code());
    EXPECT_STREQ(arrived.what(), given.what());
    const std::system_error silent(ENOSPC, std::system_category());
    EXPECT_STREQ(after_trip(silent).what(), silent.what());

    const asyncio::FileNotFoundError missing(ENOENT, std::system_category(), "open x");
    EXPECT_STREQ(after_trip(missing).what(), missing.what());
    const std::filesystem::filesystem_error moved("move", "/a", "/b", std::make_error_code(std::errc::io_error));
    EXPECT_STREQ(after_trip(moved).what(), moved.what());
    EXPECT_EQ(after_trip(moved).path2(), "/b");
}

TEST(Remote, PPE_5_codes_of_foreign_categories_arrive_as_remote_error) {
    struct Category final : std::error_category {
        [[nodiscard]] const char* name() const noexcept override { return "mine"; }
        [[nodiscard]] std::string message(int) const override { return "odd"; }
    };
    static const Category category;
    const auto error = std::make_exception_ptr(std::system_error(1, category, "try"));
    EXPECT_THROW(call<&throw_this>(error), asyncio::RemoteError);
    EXPECT_EQ(message_of([&] { call<&throw_this>(error); }), "try: odd");
}

TEST(Remote, PPE_5_exceptions_of_asyncio_keep_what_they_hold) {
    EXPECT_EQ(after_trip(asyncio::IncompleteReadError("part", 9)).expected(), 9U);
    EXPECT_EQ(after_trip(asyncio::LimitOverrunError("long", 7)).consumed(), 7U);
    EXPECT_NE(after_trip(asyncio::TimeoutError(std::make_exception_ptr(asyncio::CancelledError()))).cause(), nullptr);
    EXPECT_THROW(call<&throw_this>(std::make_exception_ptr(asyncio::QueueEmpty())), asyncio::QueueEmpty);
    EXPECT_THROW(call<&throw_this>(std::make_exception_ptr(asyncio::futures::CancelledError())),
                 asyncio::futures::CancelledError);
    const asyncio::ExceptionGroup group("two",
                                        {std::make_exception_ptr(MyError("a")), std::make_exception_ptr(MyError("b"))});
    const asyncio::ExceptionGroup arrived = after_trip(group);
    EXPECT_EQ(arrived.text(), group.text());
    EXPECT_TRUE(asyncio::detail::is_exception_of<MyError>(arrived.exceptions().at(1)));
}

TEST(Remote, PPE_5_the_stack_of_the_throw_comes_with_the_exception) {
    try {
        call<&throw_one>(Thrown::my);
        FAIL() << "nothing was thrown";
    } catch (const std::exception& error) {
        const std::string text = asyncio::remote_traceback(error);
        EXPECT_THAT(text, AllOf(HasSubstr("throw_one in process " + std::to_string(::getpid()))));
        EXPECT_EQ(text, asyncio::remote_traceback(std::current_exception()));
#if ASYNCIO_TEST_KNOWS_LINES
        EXPECT_THAT(text, HasSubstr("remote_test.cpp\", line "));
        EXPECT_THAT(text, HasSubstr(", in throw_one\n"));
#endif
        EXPECT_THAT(text, testing::Not(HasSubstr("executor/remote.hpp")));
        EXPECT_THAT(text, testing::Not(HasSubstr("run_remote_call")));
        EXPECT_THAT(text, testing::Not(HasSubstr("__cxa_throw")));
    }
    EXPECT_THAT(asyncio::remote_traceback(std::runtime_error("here")), IsEmpty());
    EXPECT_THAT(asyncio::remote_traceback(std::exception_ptr()), IsEmpty());
}

TEST(Remote, PPE_5_what_was_relayed_keeps_both_stacks) {
    try {
        call<&throw_one>(Thrown::my);
    } catch (...) {
        const auto error = std::current_exception();
        EXPECT_THROW(call<&throw_this>(error), MyError);
        try {
            call<&throw_this>(error);
        } catch (const std::exception& relayed) {
            EXPECT_THAT(asyncio::remote_traceback(relayed),
                        AllOf(HasSubstr("throw_one in"), HasSubstr("throw_this in")));
        }
    }
}

TEST(Remote, PPE_6_an_argument_that_cannot_be_sent_fails_in_the_caller) {
    EXPECT_THROW(call<&index_of>(make_valueless()), asyncio::CodecError);
}

TEST(Remote, PPE_7_a_result_that_cannot_be_sent_fails_with_the_error_of_the_worker) {
    EXPECT_THROW(call<&make_valueless>(), asyncio::CodecError);
}

TEST(Remote, IPC_5_corrupt_requests_and_replies_are_errors) {
    const std::string request = asyncio::encode_call<&shop::total>(std::vector<shop::Order>{{"nut", 2}});
    for (std::size_t size = 0; size < request.size(); ++size) {
        std::string reply;
        asyncio::answer_call(as_bytes(request.substr(0, size)), reply);
        EXPECT_THROW(asyncio::decode_reply<int>(as_bytes(reply)), asyncio::CodecError) << size;
    }
    std::string reply;
    asyncio::answer_call(as_bytes(asyncio::encode_call<&throw_one>(Thrown::my)), reply);
    for (std::size_t size = 0; size < reply.size(); ++size)
        EXPECT_THROW(asyncio::decode_reply<void>(as_bytes(reply.substr(0, size))), asyncio::CodecError) << size;
    EXPECT_THROW(asyncio::decode_reply<void>(as_bytes("?")), asyncio::CodecError);
}
