#pragma once

// What every program of the tutorial begins with.

#include <asyncio/asyncio.hpp>

#include <cstdio>
#include <string>

using asyncio::Coro;
using namespace std::chrono_literals;

inline Coro<std::string> say_hello() {
    std::puts("in say_hello");
    co_return "Hello";
}

inline Coro<std::string> say_world() {
    std::puts("in say_world");
    co_return "World";
}

inline Coro<std::string> say_helloworld() {
    std::puts("in say_helloworld");
    auto hello = co_await say_hello();  // not `co_await a() + co_await b()`: C++ leaves the order of operands open
    co_return hello + co_await say_world();
}
