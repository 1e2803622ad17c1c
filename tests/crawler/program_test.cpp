#include "hostile_server.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

using namespace std::chrono_literals;
using crawler::testing::Connection;
using crawler::testing::HostileServer;
using crawler::testing::RefusingPort;
using crawler::testing::Request;

namespace {

std::string content(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

/// The whole program, in a process of its own.
class ProgramTest : public ::testing::Test {
protected:
    ProgramTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "crawl-XXXXXX").string();
        folder = mkdtemp(pattern.data());
    }
    ~ProgramTest() override { std::filesystem::remove_all(folder); }

    /// As `asyncio-crawl`, by main.cpp: another thread may hold the heap's lock at the fork, so nothing but exec
    /// follows it.
    void start(const std::vector<std::string>& arguments) {
        std::vector<std::string> words{"asyncio-crawl", "--as-asyncio-crawl"};
        words.insert(words.end(), arguments.begin(), arguments.end());
        std::vector<char*> argv;
        for (std::string& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        const std::string out_file = folder / "out";
        const std::string err_file = folder / "err";
        child = fork();
        if (child != 0) return;
        ::signal(SIGINT, SIG_DFL);
        redirect(out_file.c_str(), STDOUT_FILENO);
        redirect(err_file.c_str(), STDERR_FILENO);
        ::execv("/proc/self/exe", argv.data());
        _exit(127);
    }

    int finish() {
        int status = 0;
        waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    int run(const std::vector<std::string>& arguments) {
        start(arguments);
        return finish();
    }

    void interrupt() const { ::kill(child, SIGINT); }

    std::string out() const { return content(folder / "out"); }
    std::string err() const { return content(folder / "err"); }

    std::filesystem::path folder;
    HostileServer server;

private:
    static void redirect(const char* file, int fd) {
        int opened = ::open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ::dup2(opened, fd);
    }

    pid_t child = 0;
};

TEST_F(ProgramTest, good_site_exits_with_0_and_writes_what_was_asked_for) {
    server.page("/", "<a href=/a>a</a>");
    server.page("/a", "");
    std::string json = folder / "report.json", timeline = folder / "timeline.html";
    EXPECT_EQ(run({server.url(), "--json", json, "--timeline", timeline}), 0);
    EXPECT_NE(out().find("pages         2\n"), std::string::npos) << out() << err();
    auto report = nlohmann::json::parse(content(json));
    for (auto key : {"pages", "links", "bytes", "seconds", "redirects", "slowest", "broken"})
        EXPECT_TRUE(report.contains(key)) << key;
    EXPECT_EQ(report["pages"], 2);
    EXPECT_NE(content(timeline).find(server.url("/a")), std::string::npos);
}

TEST_F(ProgramTest, broken_links_exit_with_1) {
    server.page("/", "\n<a href=/gone>a</a>");
    EXPECT_EQ(run({server.url(), "--retries", "0"}), 1);
    EXPECT_NE(out().find(server.url("/gone") + ": HTTP 404 Not Found\n      on " + server.url("/") + ":2\n"),
              std::string::npos)
        << out() << err();
}

TEST_F(ProgramTest, unreachable_site_exits_with_1) {
    RefusingPort refusing;
    EXPECT_EQ(run({refusing.url(), "--retries", "0"}), 1);
    EXPECT_NE(out().find(refusing.url() + ": connection refused\n      on the command line"), std::string::npos)
        << out();
}

TEST_F(ProgramTest, wrong_usage_exits_with_2) {
    EXPECT_EQ(run({}), 2);
    EXPECT_NE(err().find("no URL given"), std::string::npos);
    EXPECT_EQ(run({"--bogus", server.url()}), 2);
    EXPECT_EQ(run({server.url(), "--json", "/no/such/folder/file"}), 2);
    EXPECT_TRUE(server.requests().empty());
}

TEST_F(ProgramTest, help_and_version_exit_with_0) {
    EXPECT_EQ(run({"--help"}), 0);
    EXPECT_NE(out().find("Usage: asyncio-crawl"), std::string::npos);
    EXPECT_EQ(run({"--version"}), 0);
    EXPECT_TRUE(out().starts_with("asyncio-crawl "));
}

class InterruptTest : public ProgramTest, public ::testing::WithParamInterface<bool> {};

INSTANTIATE_TEST_SUITE_P(, InterruptTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "sequential" : "concurrent"; });

TEST_P(InterruptTest, ctrl_c_prints_the_report_so_far_and_exits_with_130) {
    server.page("/", "<a href=/gone>a</a>\n<a href=/stall>b</a>");
    server.on("/stall", [](Connection& connection, const Request&) { connection.stall(); });
    std::string json = folder / "report.json";
    std::vector<std::string> arguments{server.url(), "--json", json};
    // Either way it comes to /stall when it has seen the answer to /gone.
    const std::vector<std::string> one_at_a_time{"--per-host", "1"};
    if (GetParam()) {
        arguments.push_back("--sequential");
    } else {
        arguments.insert(arguments.end(), one_at_a_time.begin(), one_at_a_time.end());
    }
    start(arguments);
    while (server.count("GET /stall") == 0) std::this_thread::sleep_for(10ms);
    interrupt();
    EXPECT_EQ(finish(), 130) << err();
    EXPECT_NE(out().find("Interrupted; the report so far:"), std::string::npos) << out() << err();
    EXPECT_NE(out().find("HTTP 404"), std::string::npos) << out();
    EXPECT_EQ(nlohmann::json::parse(content(json))["interrupted"], true);
}

}  // namespace
