#include "program.hpp"

#include <stdexcept>

namespace order_fuzzer {

namespace {

Node parse_from(std::string_view& rest) {
    const auto skip = rest.find_first_not_of(' ');
    if (skip == std::string_view::npos) throw std::invalid_argument("a program ends too early");
    rest.remove_prefix(skip);
    if (rest.front() != '(') {
        const std::string_view word = rest.substr(0, rest.find_first_of(" ()"));
        rest.remove_prefix(word.size());
        return Node(std::string(word));
    }
    rest.remove_prefix(1);
    std::vector<Node> items;
    while (true) {
        while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
        if (rest.empty()) throw std::invalid_argument("a bracket is missing");
        if (rest.front() == ')') break;
        items.push_back(parse_from(rest));
    }
    rest.remove_prefix(1);
    return Node(std::move(items));
}

}  // namespace

Node parse(std::string_view line) {
    return parse_from(line);
}

}  // namespace order_fuzzer
