// ProcessPoolExecutor: what goes between the processes. The rows IPC-4 and IPC-5. (IPC-6: shared_memory_test.cpp;
// IPC-7, a pipe, is examples/progress_of_a_job.cpp, whose output ctest compares.)

#include "../../src/executor/process/segment.hpp"
#include "executor/process_jobs.hpp"
#include "support/gate.hpp"

#include <asyncio/asyncio.hpp>
#include <asyncio/executor/process_pool_executor.hpp>
#include <asyncio/testing/captured_log.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace process_jobs {

using asyncio::detail::MessageSlot;
using asyncio::detail::ReplyKind;
using asyncio::detail::Segment;
using asyncio::detail::SegmentHeader;
using asyncio::detail::SlotState;

enum class Damage { size, record, count, kind, no_file };

/// The segment of this worker.
SegmentHeader* own_segment() {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find("memfd:asyncio") == std::string::npos) continue;
        return reinterpret_cast<SegmentHeader*>(std::stoull(line, nullptr, 16));
    }
    throw std::runtime_error("no segment");
}

void wake_whoever_listens() {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code ignored;
        if (std::filesystem::read_symlink(entry.path(), ignored) != "anon_inode:[eventfd]") continue;
        const std::uint64_t one = 1;
        static_cast<void>(::write(std::stoi(entry.path().filename()), &one, sizeof one) + 1);
    }
}

/// Gives a reply that is none, when the file `path` + ".go" is there.
int damage_reply(Damage damage, const std::string& path) {
    wait_for_go(path);
    SegmentHeader* const segment = own_segment();
    for (std::size_t i = 0; i < segment->slots.size(); ++i) {
        MessageSlot& slot = segment->slots[i];
        if (slot.state.load() != SlotState::taken) continue;
        std::byte* const room =
            reinterpret_cast<std::byte*>(segment) + Segment::header_space + i * asyncio::detail::slot_room;
        const std::uint64_t too_long = damage == Damage::record ? ~std::uint64_t{0} : 8;
        std::memcpy(room, &too_long, sizeof too_long);
        slot.kind = damage == Damage::kind ? ReplyKind::unreadable : ReplyKind::records;
        slot.count = damage == Damage::count ? 1000 : 1;
        slot.size = damage == Damage::size ? ~std::uint64_t{0} : 16;
        slot.files = damage == Damage::no_file ? 1 : 0;
        slot.state.store(SlotState::replied);
    }
    wake_whoever_listens();
    hang();
    return 0;
}

std::string repeat(std::size_t size) {
    return std::string(size, 'y');
}

}  // namespace process_jobs

namespace {

using asyncio::remote;
using asyncio::futures::BrokenProcessPool;
using asyncio::futures::Future;
using asyncio::futures::ProcessPoolExecutor;
using process_jobs::Damage;
using process_tests::Folder;
using support::eventually;

/// Around the longest message that needs no file.
std::vector<std::size_t> lengths() {
    constexpr std::size_t room = asyncio::detail::slot_room;
    return {0, 1, 7, 8, 1024, 65536, 65537, room - 64, room - 16, room - 8, room, room + 1, 5 * room + 3};
}

TEST(ProcessChannel, IPC_4_messages_of_any_length_come_back_as_they_were) {
    ProcessPoolExecutor pool({.max_workers = 1});
    for (const std::size_t length : lengths()) {
        std::string text(length, ' ');
        for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<char>(i * 7);
        EXPECT_EQ(pool.submit(remote<&process_jobs::echo>, text).result(), text) << length;
    }
}

TEST(ProcessChannel, IPC_4_long_messages_both_ways_at_once) {
    ProcessPoolExecutor pool({.max_workers = 2});
    std::vector<Future<std::string>> futures;
    for (int i = 0; i < 24; ++i) {
        const std::size_t length = i % 3 == 0 ? 300'000 : std::size_t{3} << 20;
        futures.push_back(pool.submit(remote<&process_jobs::echo>, std::string(length, static_cast<char>('a' + i))));
    }
    for (int i = 0; i < 24; ++i) {
        const std::string& text = futures[static_cast<std::size_t>(i)].result();
        EXPECT_EQ(text.find_first_not_of(static_cast<char>('a' + i)), std::string::npos);
    }
}

TEST(ProcessChannel, IPC_4_chunks_may_be_long) {
    ProcessPoolExecutor pool({.max_workers = 1});
    const std::vector<std::string> texts(8, std::string(400'000, 'z'));
    int count = 0;
    for (const std::string& text : pool.map(remote<&process_jobs::echo>, texts, {.chunksize = 8})) {
        EXPECT_EQ(text, texts.front());
        ++count;
    }
    EXPECT_EQ(count, 8);
}

TEST(ProcessChannel, IPC_4_a_message_that_is_too_long_fails_its_job_alone) {
    ProcessPoolExecutor pool({.max_workers = 1, .max_message_size = 1000});
    const auto long_argument = pool.submit(remote<&process_jobs::echo>, std::string(2000, 'x'));
    const auto long_result = pool.submit(remote<&process_jobs::repeat>, 3000);
    const auto short_one = pool.submit(remote<&process_jobs::echo>, std::string(500, 'x'));
    EXPECT_THROW(long_argument.result(), std::length_error);
    EXPECT_THROW(long_result.result(), std::length_error);
    EXPECT_EQ(short_one.result(), std::string(500, 'x'));
}

class DamagedReply : public testing::TestWithParam<Damage> {};
INSTANTIATE_TEST_SUITE_P(Kind, DamagedReply,
                         testing::Values(Damage::size, Damage::record, Damage::count, Damage::kind, Damage::no_file));

/// In a worker it stays behind a job that goes on, until there is no room for more.
TEST(ProcessChannel, IPC_4_long_messages_never_wait_behind_a_busy_worker) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 2});
    const auto busy = pool.submit(remote<&process_jobs::wait_for_go>, folder.file("job"));
    ASSERT_TRUE(eventually([&] { return process_jobs::exists(folder.file("job")); }));
    const std::string text(std::size_t{5} << 18, 'x');
    for (int i = 0; i < 300; ++i) {
        const auto first = pool.submit(remote<&process_jobs::length>, text);
        const auto second = pool.submit(remote<&process_jobs::length>, text);
        EXPECT_EQ(first.result() + second.result(), 2 * text.size());
    }
    process_jobs::touch(folder.file("job.go"));
    EXPECT_GT(busy.result(), 0);
}

TEST_P(DamagedReply, IPC_5_fails_its_job_and_the_worker_is_replaced) {
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 1});
    const auto damaged = pool.submit(remote<&process_jobs::damage_reply>, GetParam(), folder.file("job"));
    const auto next = pool.submit(remote<&process_jobs::square>, 4);
    process_jobs::touch(folder.file("job.go"));
    EXPECT_THROW(damaged.result(), BrokenProcessPool);
    EXPECT_EQ(next.result(), 16);
}

TEST_P(DamagedReply, IPC_5_breaks_a_strict_pool) {
    asyncio::testing::CapturedLog log;
    const Folder folder;
    ProcessPoolExecutor pool({.max_workers = 1, .strict = true});
    const auto damaged = pool.submit(remote<&process_jobs::damage_reply>, GetParam(), folder.file("job"));
    const auto next = pool.submit(remote<&process_jobs::square>, 4);  // a broken pool would refuse it
    process_jobs::touch(folder.file("job.go"));
    EXPECT_THROW(damaged.result(), BrokenProcessPool);
    EXPECT_THROW(next.result(), BrokenProcessPool);
    EXPECT_THROW(pool.submit(remote<&process_jobs::square>, 4), BrokenProcessPool);
    EXPECT_TRUE(log.contains("damaged reply"));
}

TEST(ProcessChannel, IPC_5_no_length_in_a_message_is_believed) {
    using asyncio::detail::record_space;
    using asyncio::detail::RecordReader;
    using asyncio::detail::RecordWriter;
    std::vector<std::byte> bytes(record_space(5) + record_space(0));
    RecordWriter writer(bytes.data());
    writer.put("12345");
    writer.put("");
    std::span<const std::byte> record;
    RecordReader whole(bytes);
    EXPECT_TRUE(whole.next(record));
    EXPECT_EQ(record.size(), 5U);
    EXPECT_TRUE(whole.next(record));
    EXPECT_TRUE(record.empty());
    EXPECT_TRUE(whole.at_end());
    EXPECT_FALSE(whole.next(record));
    for (std::size_t length = 0; length < record_space(5); ++length) {
        RecordReader truncated(std::span<const std::byte>(bytes.data(), length));
        EXPECT_FALSE(truncated.next(record)) << length;
    }
    for (const std::uint64_t lie : {std::uint64_t{17}, std::uint64_t{1} << 40, ~std::uint64_t{0}, ~std::uint64_t{7}}) {
        std::memcpy(bytes.data(), &lie, sizeof lie);
        RecordReader lying(bytes);
        EXPECT_FALSE(lying.next(record)) << lie;
    }
}

}  // namespace
