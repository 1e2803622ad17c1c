#include "charset.hpp"

#include "ascii.hpp"

#include <iconv.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace crawler {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

unsigned line_at(std::string_view text, std::size_t offset) {
    return 1 +
           static_cast<unsigned>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

/// Length of the valid UTF-8 sequence at the start of `text`, 0 when there is none. Overlong forms and surrogates are
/// none.
std::size_t sequence_length(std::string_view text) {
    auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0u; };
    auto follows = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
    unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)) return 0;
        return follows(1) && follows(2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)) return 0;
        return follows(1) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

std::string with_replacements(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        std::size_t length = sequence_length(text);
        out += length == 0 ? replacement : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

DecodedText decode_utf8(std::string body, bool declared) {
    std::size_t bad = first_invalid_utf8(body);
    if (bad == std::string::npos) return {std::move(body), std::nullopt};
    DecodedText result{with_replacements(body), std::nullopt};
    if (declared) result.defect = Defect{"wrong charset: declared as UTF-8, but the bytes are not", line_at(body, bad)};
    return result;
}

class Converter {
public:
    explicit Converter(const std::string& charset) : handle_(iconv_open("UTF-8", charset.c_str())) {}
    ~Converter() {
        if (known()) iconv_close(handle_);
    }
    Converter(const Converter&) = delete;
    Converter& operator=(const Converter&) = delete;

    bool known() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

    /// Converts all of `in`; `bad` receives the offset of the first byte that has no meaning.
    std::string convert(std::string& in, std::optional<std::size_t>& bad) {
        std::string out;
        char* from = in.data();
        std::size_t left = in.size();
        char buffer[16 * 1024];
        while (left > 0) {
            char* to = buffer;
            std::size_t room = sizeof buffer;
            std::size_t result = iconv(handle_, &from, &left, &to, &room);
            out.append(buffer, to);
            if (result != static_cast<std::size_t>(-1) || errno == E2BIG) continue;
            if (!bad) bad = in.size() - left;
            out += replacement;
            if (left > 0) ++from, --left;
        }
        return out;
    }

private:
    iconv_t handle_;
};

/// Names that mean windows-1252 to every browser, whatever they once meant.
bool is_western(std::string_view charset) {
    static constexpr std::string_view names[] = {"iso-8859-1",   "latin1", "l1",        "us-ascii",  "ascii",
                                                 "windows-1252", "cp1252", "iso8859-1", "iso_8859-1"};
    return std::find(std::begin(names), std::end(names), charset) != std::end(names);
}

DecodedText decode_as(std::string body, const std::string& charset) {
    bool western = is_western(charset);
    // A name with other characters could carry iconv's own switches ("//TRANSLIT").
    bool sane = !charset.empty() && std::all_of(charset.begin(), charset.end(), [](char c) {
        return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == ':' || c == '.' || c == '+';
    });
    Converter converter(western ? "CP1252" : sane ? charset : "no such charset");
    if (!converter.known()) {
        DecodedText result = decode_utf8(std::move(body), false);
        result.defect = Defect{"unknown charset \"" + with_replacements(charset.substr(0, 40)) + "\"", 1};
        return result;
    }
    std::optional<std::size_t> bad;
    DecodedText result;
    result.utf8 = converter.convert(body, bad);
    // The five bytes that windows-1252 leaves open mean control characters in iso-8859-1: no reason to complain.
    if (bad && !western) {
        result.defect =
            Defect{"wrong charset: declared as " + charset + ", but the bytes are not", line_at(body, *bad)};
    }
    if (first_invalid_utf8(result.utf8) != std::string::npos) result.utf8 = with_replacements(result.utf8);
    return result;
}

/// The charset a `<meta>` in the first kilobyte declares.
std::string charset_in_meta(std::string_view body) {
    std::string head = lowered(body.substr(0, 1024));
    for (auto at = head.find("<meta"); at != std::string::npos; at = head.find("<meta", at + 1)) {
        std::string tag = head.substr(at, head.find('>', at) - at);
        if (std::string charset = charset_of(tag); !charset.empty()) {
            // The kilobyte could not be read as ASCII if this were true; browsers take it for UTF-8.
            return charset.starts_with("utf-16") ? "utf-8" : charset;
        }
    }
    return {};
}

}  // namespace

std::size_t first_invalid_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        std::size_t length = sequence_length(text.substr(i));
        if (length == 0) return i;
        i += length;
    }
    return std::string_view::npos;
}

std::string charset_of(std::string_view content_type) {
    std::string text = lowered(content_type);
    auto at = text.find("charset");
    if (at == std::string::npos) return {};
    std::string_view rest = trimmed(std::string_view(text).substr(at + 7));
    if (!rest.starts_with('=')) return {};
    rest = trimmed(rest.substr(1));
    if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'')) {
        char quote = rest.front();
        rest.remove_prefix(1);
        return std::string(trimmed(rest.substr(0, rest.find(quote))));
    }
    return std::string(rest.substr(0, rest.find_first_of("; \t\r\n\"'/>")));
}

DecodedText decode_html(std::string body, std::string_view content_type) {
    if (body.starts_with("\xEF\xBB\xBF")) return decode_utf8(body.substr(3), true);
    if (body.starts_with("\xFF\xFE")) return decode_as(body.substr(2), "utf-16le");
    if (body.starts_with("\xFE\xFF")) return decode_as(body.substr(2), "utf-16be");
    std::string charset = charset_of(content_type);
    if (charset.empty()) charset = charset_in_meta(body);
    if (charset == "utf-8" || charset == "utf8") return decode_utf8(std::move(body), true);
    if (!charset.empty()) return decode_as(std::move(body), charset);
    if (first_invalid_utf8(body) == std::string::npos) return {std::move(body), std::nullopt};
    return decode_as(std::move(body), "windows-1252");
}

}  // namespace crawler
