#include <asyncio/integrations/protobuf/protobuf.hpp>

#include "numbers.pb.h"

#include <asyncio/executor/interpreter_pool_executor.hpp>
#include <asyncio/executor/remote.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

using asyncio_test::Numbers;
using asyncio_test::NumbersOfTomorrow;

namespace {

Numbers numbers_to(int n) {
    Numbers numbers;
    numbers.set_name("numbers");
    for (int i = 0; i < n; ++i) numbers.add_values(i);
    return numbers;
}
Numbers doubled(Numbers numbers) {
    for (int& value : *numbers.mutable_values()) value *= 2;
    return numbers;
}
int sum(const std::vector<Numbers>& all) {
    int total = 0;
    for (const Numbers& numbers : all) total = std::accumulate(numbers.values().begin(), numbers.values().end(), total);
    return total;
}

std::string encoded(const auto& value) {
    std::string bytes;
    asyncio::ByteSink sink(bytes);
    asyncio::encode(sink, value);
    return bytes;
}
template <class T>
T decoded(const std::string& bytes) {
    asyncio::ByteSource source(std::as_bytes(std::span(bytes)));
    return asyncio::decode<T>(source);
}

}  // namespace

TEST(Protobuf, IPC_2_messages_are_arguments_and_results) {
    asyncio::futures::InterpreterPoolExecutor pool({.max_workers = 1});
    const Numbers result = pool.submit(asyncio::remote<&doubled>, numbers_to(4)).result();
    EXPECT_EQ(std::vector<int>(result.values().begin(), result.values().end()), (std::vector{0, 2, 4, 6}));
    EXPECT_EQ(pool.submit(asyncio::remote<&sum>, std::vector{numbers_to(4), numbers_to(5)}).result(), 16);
}

TEST(Protobuf, IPC_2_unknown_fields_survive) {
    NumbersOfTomorrow tomorrow;
    tomorrow.add_values(21);
    tomorrow.set_unit("m");
    tomorrow.mutable_history()->add_values(1);
    const std::string request = asyncio::encode_call<&doubled>(decoded<Numbers>(encoded(tomorrow)));
    std::string reply;
    asyncio::answer_call(std::as_bytes(std::span(request)), reply);
    const auto today = asyncio::decode_reply<Numbers>(std::as_bytes(std::span(reply)));
    const auto back = decoded<NumbersOfTomorrow>(encoded(today));
    EXPECT_EQ(back.values(0), 42);
    EXPECT_EQ(back.unit(), "m");
    EXPECT_EQ(back.history().values(0), 1);
}

TEST(Protobuf, IPC_2_smaller_than_json) {
    const Numbers numbers = numbers_to(10);
    const nlohmann::json json{{"name", numbers.name()},
                              {"values", std::vector<int>(numbers.values().begin(), numbers.values().end())}};
    EXPECT_LT(encoded(numbers).size(), encoded(json.dump()).size());
    EXPECT_LT(encoded(numbers_to(100'000)).size(), 300'000U);
}

TEST(Protobuf, IPC_2_an_empty_message_is_a_value_too) {
    EXPECT_EQ(decoded<std::vector<Numbers>>(encoded(std::vector<Numbers>(3))).size(), 3U);
}

TEST(Protobuf, IPC_5_corrupt_messages_are_codec_errors) {
    const std::string bytes = encoded(numbers_to(10));
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_THROW(decoded<Numbers>(bytes.substr(0, size)), asyncio::CodecError) << size;
    EXPECT_THROW(decoded<Numbers>("\4\xff\xff\xff\xff"), asyncio::CodecError);
}
