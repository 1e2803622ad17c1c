#include <asyncio/base/except_star.hpp>

#include <asyncio/base/exceptions.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using asyncio::except_star;
using asyncio::ExceptionGroup;
using asyncio::make_exception_group;

template <class E>
std::exception_ptr ptr(E error) {
    return std::make_exception_ptr(std::move(error));
}

std::string shape(const std::exception_ptr& error) {
    if (const auto* group = asyncio::as_exception_group(error)) {
        std::string text = group->message() + "[";
        for (const auto& member : group->exceptions()) text += (text.back() == '[' ? "" : " ") + shape(member);
        return text + "]";
    }
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (const asyncio::CancelledError&) {
        return "cancelled";
    }
}

/// What finish() throws; "nothing" when it returns.
std::string left_by(asyncio::ExceptStar handling) {
    try {
        handling.finish();
        return "nothing";
    } catch (...) {
        return shape(std::current_exception());
    }
}

const auto ignore = [](const auto&) {};

std::exception_ptr three() {
    return make_exception_group("m", {ptr(std::invalid_argument("v")), ptr(std::out_of_range("o")),
                                      make_exception_group("n", {ptr(std::invalid_argument("w"))})});
}

TEST(ExceptStar, EG_5_each_handler_gets_a_group_of_its_leaves) {
    std::string seen;
    except_star(three())
        .on<std::invalid_argument>([&](const ExceptionGroup& group) { seen += shape(ptr(group)); })
        .on<std::out_of_range>([&](const ExceptionGroup& group) { seen += shape(ptr(group)); })
        .finish();
    EXPECT_EQ(seen, "m[v n[w]]m[o]");
}

TEST(ExceptStar, EG_5_a_leaf_goes_to_the_first_handler_that_matches) {
    int second = 0;
    except_star(three())
        .on<std::logic_error>(ignore)
        .on<std::invalid_argument>([&](const ExceptionGroup&) { ++second; })
        .finish();
    EXPECT_EQ(second, 0);
}

TEST(ExceptStar, EG_5_what_nobody_takes_is_thrown_again_as_a_group) {
    EXPECT_EQ(left_by(except_star(three()).on<std::out_of_range>(ignore)), "m[v n[w]]");
    EXPECT_EQ(left_by(except_star(three()).on<std::system_error>(ignore)), "m[v o n[w]]");
}

TEST(ExceptStar, EG_5_a_naked_exception_is_a_group_of_one) {
    std::string seen;
    const auto look = [&](const ExceptionGroup& group) { seen = shape(ptr(group)); };
    EXPECT_EQ(left_by(except_star(ptr(std::out_of_range("o"))).on<std::out_of_range>(look)), "nothing");
    EXPECT_EQ(seen, "[o]");
    EXPECT_EQ(left_by(except_star(ptr(std::out_of_range("o"))).on<std::system_error>(look)), "o");
}

TEST(ExceptStar, EG_5_what_handlers_throw_is_grouped_with_the_rest) {
    const auto fail = [](const auto&) { throw std::runtime_error("new"); };
    EXPECT_EQ(left_by(except_star(three()).on<std::invalid_argument>(fail)), "[new m[o]]");
    EXPECT_EQ(left_by(except_star(three()).on<std::logic_error>(fail)), "new");
    EXPECT_EQ(left_by(except_star(three()).on<std::invalid_argument>(fail).on<std::out_of_range>(fail)), "[new new]");
    EXPECT_EQ(left_by(except_star(ptr(std::out_of_range("o"))).on<std::out_of_range>(fail)), "new");
}

TEST(ExceptStar, EG_5_leaves_thrown_again_return_to_their_places) {
    const auto again = [](const ExceptionGroup& group) { throw group; };
    EXPECT_EQ(left_by(except_star(three()).on<std::out_of_range>(again)), "m[v o n[w]]");
    EXPECT_EQ(left_by(except_star(three()).on<std::out_of_range>(ignore).on<std::invalid_argument>(again)),
              "m[v n[w]]");
    EXPECT_EQ(left_by(except_star(ptr(std::out_of_range("o"))).on<std::out_of_range>(again)), "[o]");
    const auto raise = [](const auto&) { throw; };
    EXPECT_EQ(left_by(except_star(three()).on<std::out_of_range>(raise)), "m[v o n[w]]");
    EXPECT_EQ(left_by(except_star(ptr(std::out_of_range("o"))).on<std::out_of_range>(raise)), "[o]");
}

TEST(ExceptStar, EG_5_a_cancellation_inside_a_group_is_never_dropped) {
    const auto mixed = make_exception_group("m", {ptr(std::out_of_range("o")), ptr(asyncio::CancelledError())});
    EXPECT_EQ(left_by(except_star(mixed).on<std::exception>(ignore)), "m[cancelled]");
    int handled = 0;
    except_star(mixed)
        .on<std::exception>(ignore)
        .on<asyncio::CancelledError>([&](const asyncio::BaseExceptionGroup&) { ++handled; })
        .finish();
    EXPECT_EQ(handled, 1);
}

TEST(ExceptStar, EG_5_nothing_happened) {
    EXPECT_EQ(left_by(except_star(nullptr).on<std::exception>(ignore)), "nothing");
}

/// A group of somebody's own that is no std::exception, whatever it holds.
struct OwnGroup : asyncio::BaseExceptionGroup {
    using BaseExceptionGroup::BaseExceptionGroup;
    [[nodiscard]] std::exception_ptr derive(std::vector<std::exception_ptr> exceptions) const override {
        return ptr(OwnGroup(message(), std::move(exceptions)));
    }
};

TEST(ExceptStar, EG_5_handlers_of_std_exceptions_get_an_ExceptionGroup_of_any_class_of_groups) {
    const auto inner = ptr(OwnGroup("n", {ptr(std::out_of_range("o"))}));
    const auto own = ptr(OwnGroup("m", {ptr(std::invalid_argument("v")), inner, ptr(asyncio::CancelledError())}));
    std::string seen;
    auto handling = except_star(own);
    handling.on<std::logic_error>(
        [&](const ExceptionGroup& group) { seen = group.what() + std::string(" ") + shape(ptr(group)); });
    EXPECT_EQ(seen, "m (2 sub-exceptions) m[v n[o]]");
    EXPECT_EQ(left_by(std::move(handling)), "m[cancelled]");
}

}  // namespace
