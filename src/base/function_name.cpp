#include <asyncio/base/function_name.hpp>

#include <array>
#include <cctype>
#include <utility>

namespace asyncio::detail {

namespace {

constexpr std::string_view lambda = "<lambda>";
constexpr std::string_view internal = "asyncio::detail::";

bool is_part_of_name(char c) noexcept {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Reads a description from left to right. What stands before a space was a return type; behind parameters the name
/// goes on only with "::", when they are those of an enclosing function.
class Reader {
public:
    explicit Reader(std::string_view text) noexcept : text_(text) {}

    std::string name() {
        while (!text_.empty() && !ended_) read();
        if (name_.ends_with("<lambda>::operator()"))
            name_.resize(name_.size() - std::string_view("::operator()").size());
        return std::move(name_);
    }

private:
    void read() {
        if (take("(anonymous namespace)::") || take("{anonymous}::")) return;
        if (take("(anonymous class)") || text_.starts_with("<lambda(") || text_.starts_with("{lambda(")) {
            if (text_.starts_with("<") || text_.starts_with("{")) skip_brackets();
            if (name_ == "void") name_.clear();  // GCC: "void<lambda(int)>::operator()(…)"
            name_ += lambda;
            return;
        }
        if (text_.starts_with(" [")) {  // "[with T = int]", behind a generic lambda
            ended_ = true;
            return;
        }
        const char c = text_.front();
        if (text_.starts_with("operator") && (name_.empty() || !is_part_of_name(name_.back()))) {
            read_operator();
        } else if (c == '(') {
            skip_brackets();
            if (name_ != "decltype") end_parameters();
        } else if (c == '<' || c == '[' || c == '{') {
            skip_brackets();
        } else {
            text_.remove_prefix(1);
            if (c == ' ') {
                name_.clear();
            } else if (c != '*' && c != '&') {
                name_ += c;
            }
        }
    }

    void read_operator() {
        const std::string_view keyword = "operator";
        name_ += keyword;
        text_.remove_prefix(keyword.size());
        if (take("()")) {
            name_ += "()";
            return;
        }
        while (!text_.empty() && text_.front() != '(' && !is_part_of_name(text_.front()) && text_.front() != ' ') {
            name_ += text_.front();
            text_.remove_prefix(1);
        }
    }

    void end_parameters() {
        while (take(" const") || take(" volatile") || take(" noexcept") || take(" &")) {
        }
        ended_ = !text_.starts_with("::");
    }

    bool take(std::string_view prefix) noexcept {
        if (!text_.starts_with(prefix)) return false;
        text_.remove_prefix(prefix.size());
        return true;
    }

    void skip_brackets() noexcept {
        int depth = 0;
        std::size_t i = 0;
        for (; i < text_.size(); ++i) {
            const char c = text_[i];
            if (c == '(' || c == '<' || c == '[' || c == '{') ++depth;
            const bool arrow = c == '>' && i > 0 && text_[i - 1] == '-';
            if ((c == ')' || c == '>' || c == ']' || c == '}') && !arrow && --depth == 0) break;
        }
        text_.remove_prefix(i < text_.size() ? i + 1 : i);
        if (depth == 0 &&
            text_.starts_with("#")) {  // "{lambda(int)#1}" is over; a clone's number is not part of the name
            while (!text_.empty() && text_.front() != ':' && text_.front() != '(') text_.remove_prefix(1);
        }
    }

    std::string_view text_;
    std::string name_;
    bool ended_ = false;
};

/// The last part of an internal function's name, and what users call.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> public_names{{
    {"await_in_frame", "asyncio::wait_for"},
    {"await_in_task", "asyncio::create_task"},
    {"await_with_limit", "asyncio::wait_for"},
    {"await_without_time", "asyncio::wait_for"},
    {"call_in_thread", "asyncio::to_thread"},
    {"cancel_and_wait", "asyncio::wait_for"},
    {"next_completed", "asyncio::as_completed"},
    {"result_of_next_completed", "asyncio::as_completed"},
    {"run_callable", "asyncio::create_task"},
    {"run_finally", "asyncio::async_finally"},
    {"run_with", "asyncio::async_with"},
    {"take_or_cancel", "asyncio::wait_for"},
    {"wait_for_it", "asyncio::wait_for"},
}};

}  // namespace

std::string function_name(std::string_view description) {
    return Reader(description).name();
}

std::string file_and_line(std::string_view file, std::uint_least32_t line) {
    return std::string(file) + ":" + std::to_string(line);
}

bool is_internal_function(std::string_view description) {
    // Mostly it is seen at the first look that it is none.
    return description.find(internal) != std::string_view::npos && function_name(description).starts_with(internal);
}

std::string public_function_name(std::string_view description) {
    std::string name = function_name(description);
    if (!name.starts_with(internal)) return name;
    const std::string_view last = std::string_view(name).substr(name.rfind(':') + 1);
    for (const auto& [function, known_as] : public_names) {
        if (last == function) return std::string(known_as);
    }
    return name;
}

}  // namespace asyncio::detail
