#include <asyncio/executor/codec.hpp>

#include <asyncio/executor/thread_pool_executor.hpp>
#include <asyncio/sync/lock.hpp>
#include <asyncio/task/task.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

using namespace std::chrono_literals;

namespace {

enum class Colour : std::uint8_t { red = 1, green = 200 };
enum Plain { first_plain, second_plain };

struct Point {
    double x = 0;
    double y = 0;
    std::array<char, 3> tag{};
    int history[2] = {};
    bool operator==(const Point&) const = default;
};
struct Nothing {
    bool operator==(const Nothing&) const = default;
};
struct Address {
    std::string street;
    std::optional<int> number;
    bool verified = false;
    bool operator==(const Address&) const = default;
};
struct Person {
    std::string name;
    Address home;
    std::vector<Person> children;
    std::map<std::string, std::vector<Point>> places;
    Colour colour = Colour::red;
    bool operator==(const Person&) const = default;
};
struct Link {
    int value = 0;
    std::unique_ptr<Link> next;
};

std::string encoded(const auto& value) {
    std::string bytes;
    asyncio::ByteSink sink(bytes);
    asyncio::encode(sink, value);
    return bytes;
}
template <class T>
T decoded(const std::string& bytes) {
    asyncio::ByteSource source(std::as_bytes(std::span(bytes)));
    T value = asyncio::decode<T>(source);
    source.require_end();
    return value;
}
template <class T>
T round_trip(const T& value) {
    return decoded<T>(encoded(value));
}
void expect_equal_after_trip(const auto&... values) {
    const auto expect_equal = [](const auto& value) { EXPECT_EQ(round_trip(value), value); };
    (expect_equal(values), ...);
}

}  // namespace

/// A class of its own making, with a codec of its own.
class Celsius {
public:
    explicit Celsius(int degrees) : degrees_(degrees) {}
    [[nodiscard]] int degrees() const { return degrees_; }
    bool operator==(const Celsius&) const = default;

private:
    int degrees_;
};
template <>
struct asyncio::codec_for<Celsius> {
    static void encode(ByteSink& sink, const Celsius& value) { asyncio::encode(sink, std::to_string(value.degrees())); }
    static Celsius decode(ByteSource& source) { return Celsius(std::stoi(asyncio::decode<std::string>(source))); }
};
class Version {
public:
    Version() = default;
    Version(int major, int minor) : major_(major), minor_(minor) {}
    bool operator==(const Version&) const = default;

private:
    int major_ = 0;
    int minor_ = 0;
};
template <>
struct asyncio::codec_for<Version> : asyncio::RawCodec<Version> {};

/// For those who want to look at what travels: JSON in place of the binary form.
template <class T>
struct JsonCodec {
    static void encode(asyncio::ByteSink& sink, const T& value) { asyncio::encode(sink, nlohmann::json(value).dump()); }
    static T decode(asyncio::ByteSource& source) {
        const auto text = asyncio::decode<std::string>(source);
        try {
            return nlohmann::json::parse(text).get<T>();
        } catch (const nlohmann::json::exception& error) {
            throw asyncio::CodecError(error.what());
        }
    }
};
struct Weather {
    std::string town;
    std::vector<double> degrees;
    bool operator==(const Weather&) const = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Weather, town, degrees)
template <>
struct asyncio::codec_for<Weather> : JsonCodec<Weather> {};

static_assert(asyncio::Codec<asyncio::codec_for<Celsius>, Celsius>);
static_assert(asyncio::detail::SentAsBytes<Point> && asyncio::detail::SentAsBytes<Version>);
static_assert(asyncio::detail::InsertableContainer<std::unordered_multimap<int, std::string>>);
static_assert(asyncio::detail::InsertableContainer<std::pmr::deque<int>>);
static_assert(!asyncio::detail::InsertableContainer<std::optional<int>>);
static_assert(!asyncio::detail::SentAsBytes<Person> && !asyncio::detail::SentAsBytes<bool>);

TEST(Codec, IPC_1_numbers_and_enums_come_back) {
    expect_equal_after_trip(0, -1, 'x', std::uint64_t(-1), 2.5, -0.0f, true, false, std::byte{7},
                            std::numeric_limits<long double>::max(), Colour::green, second_plain);
}

TEST(Codec, IPC_1_strings_and_containers_come_back) {
    expect_equal_after_trip(std::string(), std::string("a\0b", 3), std::string(100'000, 'x'), std::u16string(u"äö"),
                            std::vector<int>{1, 2, 3}, std::vector<bool>{true, false, true},
                            std::vector<std::byte>(300, std::byte{9}), std::vector<std::string>{"", "a"},
                            std::deque<int>{1, 2}, std::list<std::string>{"x"}, std::array<int, 3>{1, 2, 3},
                            std::array<std::string, 2>{"a", "b"}, std::array<int, 0>{},
                            std::vector<std::vector<int>>{{}, {1}, {2, 3}});
    expect_equal_after_trip(std::set<int>{3, 1}, std::multiset<int>{1, 1}, std::unordered_set<std::string>{"a", "b"},
                            std::map<std::string, int>{{"a", 1}}, std::multimap<int, int>{{1, 1}, {1, 2}},
                            std::unordered_map<int, std::vector<std::string>>{{1, {"x"}}});
}

TEST(Codec, IPC_1_sums_and_products_come_back) {
    using Either = std::variant<std::monostate, int, std::string>;
    expect_equal_after_trip(std::optional<int>(), std::optional<std::string>("x"),
                            std::optional<std::optional<int>>(std::optional<int>()), Either(), Either(1), Either("x"),
                            std::tuple<>(), std::tuple(1, std::string("x")), std::tuple(std::tuple(1)),
                            std::pair(1, std::string("x")), std::monostate());
}

TEST(Codec, IPC_1_aggregates_need_no_registration) {
    const Person child{"Bob", {"Main", 1, true}, {}, {}, Colour::green};
    expect_equal_after_trip(Nothing{}, Point{1, 2, {'a', 'b', 'c'}, {3, 4}}, child,
                            Person{"Ann", {}, {child, child}, {{"home", {{1, 2, {}, {}}, {3, 4, {}, {}}}}}, {}},
                            std::vector<Nothing>(3));
}

TEST(Codec, IPC_1_times_come_back) {
    expect_equal_after_trip(3ms, std::chrono::duration<double>(1.5), std::chrono::system_clock::now(),
                            std::chrono::steady_clock::now(), std::vector{1s, 2s});
}

TEST(Codec, IPC_1_move_only_values_come_back) {
    EXPECT_EQ(round_trip(std::unique_ptr<int>()), nullptr);
    EXPECT_EQ(*round_trip(std::make_unique<std::string>("x")), "x");
    std::vector<std::unique_ptr<int>> many;
    many.push_back(std::make_unique<int>(1));
    many.push_back(nullptr);
    const auto arrived = round_trip(many);
    EXPECT_EQ(*arrived.at(0), 1);
    EXPECT_EQ(arrived.at(1), nullptr);
}

TEST(Codec, IPC_3_a_type_has_a_codec_of_its_own_wherever_it_stands) {
    expect_equal_after_trip(Version(1, 2), std::vector{Version(1, 2), Version(3, 4)}, Celsius(20));
    const std::map<std::string, Celsius> rooms{{"hall", Celsius(18)}};
    EXPECT_EQ(round_trip(rooms), rooms);
}

TEST(Codec, IPC_3_json_for_one_type) {
    const Weather weather{"Rome", {20.5, 21}};
    const std::string text = R"({"degrees":[20.5,21.0],"town":"Rome"})";
    EXPECT_EQ(encoded(weather), encoded(text));
    expect_equal_after_trip(weather, std::vector{weather, Weather{}}, std::optional(weather));
    EXPECT_THROW(decoded<Weather>(encoded(std::string("{}"))), asyncio::CodecError);
}

TEST(Codec, IPC_1_nothing_else_compiles) {
    using asyncio::detail::Unsendable;
    using asyncio::detail::why_unsendable;
    struct Derived : Point {
        int more;
    };
    struct Reference {
        const int& number;
    };
    const auto lambda = [] {};
    EXPECT_EQ(why_unsendable<Person>(), Unsendable::no);
    EXPECT_EQ(why_unsendable<int&>(), Unsendable::reference);
    EXPECT_EQ(why_unsendable<int*>(), Unsendable::pointer);
    EXPECT_EQ(why_unsendable<std::nullptr_t>(), Unsendable::pointer);
    EXPECT_EQ(why_unsendable<void (*)()>(), Unsendable::function);
    EXPECT_EQ(why_unsendable<std::string_view>(), Unsendable::view);
    EXPECT_EQ(why_unsendable<std::span<int>>(), Unsendable::view);
    EXPECT_EQ(why_unsendable<std::shared_ptr<int>>(), Unsendable::shared);
    EXPECT_EQ(why_unsendable<std::weak_ptr<int>>(), Unsendable::shared);
    EXPECT_EQ(why_unsendable<std::remove_const_t<decltype(lambda)>>(), Unsendable::callable);
    EXPECT_EQ(why_unsendable<asyncio::Coro<>>(), Unsendable::awaitable);
    EXPECT_EQ(why_unsendable<asyncio::Task<int>>(), Unsendable::awaitable);
    EXPECT_EQ(why_unsendable<asyncio::Future<int>>(), Unsendable::awaitable);
    EXPECT_EQ(why_unsendable<asyncio::Lock>(), Unsendable::immovable);
    EXPECT_EQ(why_unsendable<int[3]>(), Unsendable::array);
    EXPECT_EQ(why_unsendable<Derived>(), Unsendable::derived);
    struct NamedMap : std::map<int, int> {
        std::string name;
    };
    struct NamedList : std::vector<int> {
        std::string name;
    };
    struct NamedText : std::string {
        int number = 0;
    };
    EXPECT_NE(why_unsendable<NamedMap>(), Unsendable::no);
    EXPECT_NE(why_unsendable<NamedList>(), Unsendable::no);
    EXPECT_NE(why_unsendable<NamedText>(), Unsendable::no);
    EXPECT_NE(why_unsendable<nlohmann::json>(), Unsendable::no);
    EXPECT_EQ(why_unsendable<Reference>(), Unsendable::fixed);
}

TEST(Codec, PPE_16_an_executor_cannot_be_sent) {
    using asyncio::detail::Unsendable;
    EXPECT_EQ(asyncio::detail::why_unsendable<asyncio::futures::ThreadPoolExecutor>(), Unsendable::executor);
}

TEST(Codec, IPC_1_plain_data_goes_as_it_lies_in_memory) {
    EXPECT_EQ(encoded(1).size(), sizeof(int));
    EXPECT_EQ(encoded(std::vector<Point>(100)).size(), 1 + 100 * sizeof(Point));
    EXPECT_EQ(encoded(std::string(1000, 'x')).size(), 1000 + 9);
}

TEST(Codec, IPC_1_every_shortened_form_is_refused) {
    const Person person{"Ann", {"Main", 1, true}, {Person{}}, {{"home", {Point{}}}}, Colour::green};
    const std::string bytes = encoded(person);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_THROW(decoded<Person>(bytes.substr(0, size)), asyncio::CodecError) << size;
    EXPECT_THROW(decoded<Person>(bytes + "x"), asyncio::CodecError);
}

TEST(Codec, IPC_5_no_corrupt_byte_does_harm) {
    const Person person{"Ann", {"Main", 1, true}, {Person{}}, {{"home", {Point{}}}}, Colour::green};
    const std::string bytes = encoded(person);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (const unsigned flip : {1U, 0x80U, 0xffU}) {
            std::string corrupt = bytes;
            corrupt[at] = static_cast<char>(static_cast<unsigned char>(corrupt[at]) ^ flip);
            try {
                const Person arrived = decoded<Person>(corrupt);
                EXPECT_LE(arrived.children.size(), bytes.size());
            } catch (const asyncio::CodecError&) {
                // As it should.
            }
        }
    }
}

TEST(Codec, IPC_5_a_length_allocates_nothing_that_was_not_sent) {
    std::string huge;
    asyncio::ByteSink sink(huge);
    sink.write_size(std::size_t(1) << 60);
    EXPECT_THROW(decoded<std::string>(huge), asyncio::CodecError);
    EXPECT_THROW(decoded<std::vector<Point>>(huge), asyncio::CodecError);
    EXPECT_THROW(decoded<std::vector<Nothing>>(huge), asyncio::CodecError);
    EXPECT_THROW((decoded<std::map<int, int>>(huge)), asyncio::CodecError);
}

TEST(Codec, IPC_5_only_two_bytes_are_a_bool_and_only_known_alternatives_a_variant) {
    EXPECT_THROW(decoded<bool>("\2"), asyncio::CodecError);
    EXPECT_THROW(decoded<std::optional<int>>("\2abcd"), asyncio::CodecError);
    using Either = std::variant<bool, char>;
    EXPECT_THROW(decoded<Either>("\2a"), asyncio::CodecError);
}

TEST(Codec, IPC_5_depth_is_limited_at_both_ends) {
    Link list;
    for (int i = 0; i < 100; ++i) list = Link{i, std::make_unique<Link>(std::move(list))};
    EXPECT_EQ(round_trip(list).next->next->value, 97);
    for (int i = 0; i < 1000; ++i) list = Link{i, std::make_unique<Link>(std::move(list))};
    EXPECT_THROW(encoded(list), asyncio::CodecError);

    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep.append("\0\0\0\0\1", 5);
    EXPECT_THROW(decoded<Link>(deep), asyncio::CodecError);
}

TEST(Codec, IPC_1_a_variant_without_value_is_refused) {
    std::variant<int, std::deque<int>> value;
    EXPECT_THROW(value.emplace<std::deque<int>>(std::size_t(-1)), std::length_error);
    EXPECT_THROW(encoded(value), asyncio::CodecError);
}
