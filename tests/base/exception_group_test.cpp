#include <asyncio/base/exception_group.hpp>

#include <asyncio/base/exceptions.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <vector>

namespace {

using asyncio::as_exception_group;
using asyncio::BaseExceptionGroup;
using asyncio::ExceptionGroup;
using asyncio::make_exception_group;

template <class E>
std::exception_ptr ptr(E error) {
    return std::make_exception_ptr(std::move(error));
}

std::exception_ptr nested() {
    return make_exception_group(
        "outer", {ptr(std::invalid_argument("a")),
                  make_exception_group("inner", {ptr(std::out_of_range("b")), ptr(std::invalid_argument("c"))})});
}

/// "outer[a inner[b c]]"
std::string shape(const std::exception_ptr& error) {
    if (!error) return "none";
    if (const BaseExceptionGroup* group = as_exception_group(error)) {
        std::string text = group->message() + "[";
        for (const auto& member : group->exceptions()) text += (text.back() == '[' ? "" : " ") + shape(member);
        return text + "]";
    }
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    } catch (...) {
        return "other";
    }
}

static_assert(std::is_base_of_v<std::exception, ExceptionGroup>);
static_assert(!std::is_base_of_v<std::exception, BaseExceptionGroup>);

TEST(ExceptionGroup, EG_1_refuses_nothing_and_what_is_no_exception) {
    EXPECT_THROW(ExceptionGroup("m", {}), std::invalid_argument);
    EXPECT_THROW(ExceptionGroup("m", {nullptr}), std::invalid_argument);
    EXPECT_THROW(BaseExceptionGroup("m", {nullptr}), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(make_exception_group("m", {})), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(make_exception_group("m", {ptr(1), nullptr})), std::invalid_argument);
}

TEST(ExceptionGroup, EG_1_refuses_members_that_are_no_std_exception) {
    EXPECT_THROW(ExceptionGroup("m", {ptr(asyncio::CancelledError())}), std::invalid_argument);
    EXPECT_THROW(ExceptionGroup("m", {make_exception_group("n", {ptr(42)})}), std::invalid_argument);
}

TEST(ExceptionGroup, EG_1_has_message_members_in_order_and_a_text) {
    const ExceptionGroup group("many", {ptr(std::runtime_error("a")), ptr(std::runtime_error("b"))});
    EXPECT_EQ(group.message(), "many");
    EXPECT_EQ(shape(group.exceptions()[0]) + shape(group.exceptions()[1]), "ab");
    EXPECT_STREQ(group.what(), "many (2 sub-exceptions)");
    EXPECT_STREQ(ExceptionGroup("one", {ptr(std::runtime_error("a"))}).what(), "one (1 sub-exception)");
}

TEST(ExceptionGroup, EG_2_is_a_std_exception_when_all_members_are) {
    EXPECT_THROW(std::rethrow_exception(nested()), std::exception);
    EXPECT_THROW(std::rethrow_exception(nested()), ExceptionGroup);
    EXPECT_THROW(std::rethrow_exception(nested()), BaseExceptionGroup);
}

TEST(ExceptionGroup, EG_2_is_no_std_exception_when_one_member_is_not) {
    const auto error = make_exception_group("m", {ptr(std::runtime_error("a")), ptr(asyncio::CancelledError())});
    try {
        std::rethrow_exception(error);
    } catch (const std::exception&) {
        FAIL() << "a CancelledError inside a group was caught as a std::exception";
    } catch (const BaseExceptionGroup& group) {
        EXPECT_EQ(group.text(), "m (2 sub-exceptions)");
    }
}

TEST(ExceptionGroup, EG_3_subgroup_keeps_the_nesting_and_is_none_without_a_match) {
    const auto keep = nested();
    const auto* group = as_exception_group(keep);
    EXPECT_EQ(shape(group->subgroup<std::out_of_range>()), "outer[inner[b]]");
    EXPECT_EQ(shape(group->subgroup<std::invalid_argument>()), "outer[a inner[c]]");
    EXPECT_EQ(shape((group->subgroup<std::out_of_range, std::invalid_argument>())), "outer[a inner[b c]]");
    EXPECT_EQ(shape(group->subgroup<std::system_error>()), "none");
}

TEST(ExceptionGroup, EG_3_split_gives_match_and_rest) {
    const auto keep = nested();
    const auto* group = as_exception_group(keep);
    const auto parts = group->split<std::out_of_range>();
    EXPECT_EQ(shape(parts.match), "outer[inner[b]]");
    EXPECT_EQ(shape(parts.rest), "outer[a inner[c]]");
    EXPECT_EQ(shape(group->split<std::system_error>().match), "none");
    EXPECT_EQ(shape(group->split<std::system_error>().rest), "outer[a inner[b c]]");
}

TEST(ExceptionGroup, EG_3_split_by_predicate_and_by_the_type_of_the_group) {
    const auto keep = nested();
    const auto* group = as_exception_group(keep);
    const auto by_text = group->split([](const std::exception_ptr& e) { return shape(e) == "c"; });
    EXPECT_EQ(shape(by_text.match), "outer[inner[c]]");
    EXPECT_EQ(shape(by_text.rest), "outer[a inner[b]]");
    EXPECT_EQ(shape(group->split<ExceptionGroup>().match), "outer[a inner[b c]]");
    EXPECT_EQ(shape(group->split<ExceptionGroup>().rest), "none");
}

TEST(ExceptionGroup, EG_3_members_keep_their_identity) {
    const auto member = ptr(std::out_of_range("b"));
    const ExceptionGroup group("m", {member, ptr(std::runtime_error("a"))});
    EXPECT_EQ(as_exception_group(group.subgroup<std::out_of_range>())->exceptions()[0], member);
}

TEST(ExceptionGroup, EG_3_the_rest_of_a_mixed_group_becomes_a_std_exception) {
    const BaseExceptionGroup group("m", {ptr(std::runtime_error("a")), ptr(asyncio::CancelledError())});
    EXPECT_THROW(std::rethrow_exception(group.split<asyncio::CancelledError>().rest), ExceptionGroup);
}

class Numbered : public ExceptionGroup {
public:
    Numbered(int number, std::string message, std::vector<std::exception_ptr> exceptions)
        : ExceptionGroup(std::move(message), std::move(exceptions)),
          number(number) {}
    std::exception_ptr derive(std::vector<std::exception_ptr> exceptions) const override {
        return std::make_exception_ptr(Numbered(number, message(), std::move(exceptions)));
    }
    int number;
};

TEST(ExceptionGroup, EG_4_derive_keeps_the_message_and_split_uses_it) {
    const Numbered group(7, "m", {ptr(std::runtime_error("a")), ptr(std::out_of_range("b"))});
    EXPECT_EQ(shape(group.derive({ptr(std::runtime_error("z"))})), "m[z]");
    try {
        std::rethrow_exception(group.subgroup<std::out_of_range>());
    } catch (const Numbered& part) {
        EXPECT_EQ(part.number, 7);
        EXPECT_EQ(part.exceptions().size(), 1u);
    }
}

}  // namespace
