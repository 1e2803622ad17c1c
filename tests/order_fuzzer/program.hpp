#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace order_fuzzer {

/// A program of the fuzzer, or a part of it: a word, or a list in brackets. `programs.py` says what there is.
class Node {
public:
    explicit Node(std::string word) : word_(std::move(word)) {}
    explicit Node(std::vector<Node> items) : items_(std::move(items)) {}

    [[nodiscard]] const std::string& word() const { return word_; }
    [[nodiscard]] int number() const { return std::stoi(word_); }
    [[nodiscard]] const std::vector<Node>& items() const { return items_; }
    [[nodiscard]] const Node& operator[](std::size_t index) const { return items_.at(index); }
    [[nodiscard]] const std::string& name() const { return items_.at(0).word(); }

private:
    std::string word_;
    std::vector<Node> items_;
};

/// Reads what one line holds. Throws std::invalid_argument when brackets do not match.
[[nodiscard]] Node parse(std::string_view line);

}  // namespace order_fuzzer
