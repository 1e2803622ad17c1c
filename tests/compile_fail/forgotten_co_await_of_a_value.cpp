// gcc: conversion from 'asyncio::Coro<std::__cxx11::basic_string<char> >' to non-scalar type
// clang: no viable conversion from 'Coro<std::string>'

#include <asyncio/net/streams.hpp>

asyncio::Coro<> use(asyncio::StreamReader reader) {
#ifdef MISTAKE
    std::string line = reader.readline();
#else
    std::string line = co_await reader.readline();
#endif
    co_return;
}
