#include "fetch_failure.hpp"

#include <curl/curl.h>

#include <cstdio>

namespace crawler {
namespace {

std::string with_detail(std::string text, const asyncio::curl::Error& error) {
    return error.detail().empty() ? text : text + ": " + error.detail();
}

std::string connect_reason(const asyncio::curl::Error& error) {
    if (error.os_error() == std::errc::connection_refused) return "connection refused";
    if (error.os_error() == std::errc::host_unreachable) return "host unreachable";
    if (error.os_error() == std::errc::network_unreachable) return "network unreachable";
    return with_detail("cannot connect", error);
}

/// The connection broke while something was expected from it.
std::string receive_reason(const FailedTransfer& transfer) {
    if (transfer.error.detail().find("chunk") != std::string::npos ||
        transfer.error.detail().find("hexadecimal") != std::string::npos)
        return "bad chunked encoding";
    std::string where =
        transfer.received > 0 ? " in mid-body, after " + std::to_string(transfer.received) + " bytes" : "";
    bool reset = transfer.error.os_error() == std::errc::connection_reset ||
                 transfer.error.detail().find("reset") != std::string::npos;
    if (reset) return "connection reset" + where;
    return with_detail("broken transfer" + where, transfer.error);
}

/// libcurl tells the two ways of ending too early by the same code; without an announced length it was the chunked one.
std::string partial_reason(const FailedTransfer& transfer) {
    if (transfer.announced < 0) return "bad chunked encoding: the connection was closed before the last chunk";
    return "body shorter than announced: " + std::to_string(transfer.received) + " of " +
           std::to_string(transfer.announced) + " bytes";
}

}  // namespace

std::string failure_reason(const FailedTransfer& transfer) {
    switch (transfer.error.code().value()) {
        case CURLE_COULDNT_RESOLVE_HOST:
            return "unknown host";
        case CURLE_COULDNT_CONNECT:
            return connect_reason(transfer.error);
        case CURLE_OPERATION_TIMEDOUT:
            return timeout_reason(transfer.timeout);
        case CURLE_RECV_ERROR:
            return receive_reason(transfer);
        case CURLE_PARTIAL_FILE:
            return partial_reason(transfer);
        case CURLE_GOT_NOTHING:
            return "connection closed without an answer";
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY:
            return with_detail("the answer is not HTTP", transfer.error);
        case CURLE_FILESIZE_EXCEEDED:
            return "body larger than " + std::to_string(transfer.max_size) + " bytes (--max-size)";
        case CURLE_PEER_FAILED_VERIFICATION:
            return with_detail("certificate not trusted", transfer.error);
        case CURLE_BAD_CONTENT_ENCODING:
            return with_detail("bad compression", transfer.error);
        case CURLE_URL_MALFORMAT:
            return "URL that libcurl refuses";
        default:
            return with_detail(transfer.error.code().message(), transfer.error);
    }
}

bool is_transient_failure(const asyncio::curl::Error& error) {
    switch (error.code().value()) {
        case CURLE_COULDNT_CONNECT:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_PARTIAL_FILE:
            return true;
        default:
            return false;
    }
}

std::string timeout_reason(std::chrono::milliseconds timeout) {
    char text[64];
    std::snprintf(text, sizeof text, "timed out after %g s", static_cast<double>(timeout.count()) / 1000);
    return text;
}

std::string status_reason(int status) {
    struct Phrase {
        int status;
        const char* text;
    };
    static constexpr Phrase phrases[] = {{400, "Bad Request"},
                                         {401, "Unauthorized"},
                                         {403, "Forbidden"},
                                         {404, "Not Found"},
                                         {405, "Method Not Allowed"},
                                         {408, "Request Timeout"},
                                         {410, "Gone"},
                                         {429, "Too Many Requests"},
                                         {451, "Unavailable For Legal Reasons"},
                                         {500, "Internal Server Error"},
                                         {501, "Not Implemented"},
                                         {502, "Bad Gateway"},
                                         {503, "Service Unavailable"},
                                         {504, "Gateway Timeout"}};
    std::string reason = "HTTP " + std::to_string(status);
    for (const Phrase& phrase : phrases)
        if (phrase.status == status) reason += std::string(" ") + phrase.text;
    return reason;
}

}  // namespace crawler
