// gather() runs several at once and gives all results, in the order of the arguments.

#include "say.hpp"

#include <stdexcept>
#include <vector>

Coro<std::string> fails() {
    throw std::runtime_error("boom");
    co_return "";
}

Coro<> amain() {
    auto [hello, world] = co_await asyncio::gather(say_hello(), say_world());
    std::printf("%s %s\n", hello.c_str(), world.c_str());

    // With the tag, an exception is a result like others.
    auto [good, bad] = co_await asyncio::gather(say_hello(), fails(), asyncio::return_exceptions);
    std::printf("%d %d\n", good.has_value(), bad.has_value());

    // As many as there are: a range.
    std::vector<Coro<std::string>> many;
    many.push_back(say_hello());
    many.push_back(say_world());
    for (auto& word : co_await asyncio::gather(std::move(many))) std::puts(word.c_str());
}

int main() {
    asyncio::run(amain());
    return 0;
}
