#include <asyncio/executor/remote.hpp>

#include "remote_stack.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace asyncio {

namespace detail {

namespace {

/// First byte of a reply.
enum class AnswerKind : unsigned char { result = 1, exception = 2, out_of_memory = 3 };

/// FNV-1a.
std::uint64_t hash_of(std::string_view text) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3U;
    }
    return hash;
}

/// GCC: "… [with auto F = shop::total; Type = …]", Clang: "… [F = &shop::total, Type = …]".
std::string_view name_in(std::string_view signature) noexcept {
    constexpr std::string_view before = "F = ";
    const std::size_t found = signature.find(before);
    if (found == std::string_view::npos) return signature;
    std::string_view name = signature.substr(found + before.size());
    if (name.starts_with('&')) name.remove_prefix(1);
    std::size_t end = name.find("; Type = ");
    if (end == std::string_view::npos) end = name.find(", Type = ");
    return name.substr(0, end);
}

/// The functions that jobs may name. Libraries that are loaded and unloaded later enter and leave.
class RemoteTable {
public:
    void enter(const RemoteEntry& entry) {
        const std::lock_guard lock(mutex_);
        entries_[entry.id()].push_back(&entry);
    }
    void leave(const RemoteEntry& entry) noexcept {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(entry.id());
        if (found == entries_.end()) return;
        std::erase(found->second, &entry);
        if (found->second.empty()) entries_.erase(found);
    }
    /// nullptr when there is none.
    [[nodiscard]] const RemoteEntry* find(std::uint64_t id) const {
        const std::lock_guard lock(mutex_);
        const auto found = entries_.find(id);
        if (found == entries_.end()) return nullptr;
        require_unique(found->second);
        return found->second.front();
    }
    void check() const {
        const std::lock_guard lock(mutex_);
        for (const auto& [id, entries] : entries_) require_unique(entries);
    }

private:
    /// Copies of one function, from libraries that both hold it, have one signature and one address.
    static void require_unique(const std::vector<const RemoteEntry*>& entries) {
        const RemoteEntry& first = *entries.front();
        for (const RemoteEntry* entry : entries) {
            if (entry->function() == first.function() && entry->signature() == first.signature()) continue;
            throw RuntimeError("two functions of this program are called " + std::string(entry->name()) +
                               ": asyncio::remote needs names that differ");
        }
    }

    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, std::vector<const RemoteEntry*>> entries_;
};

/// Never destroyed: entries leave it when the program ends.
RemoteTable& remote_table() {
    static auto* table = new RemoteTable;
    return *table;
}

/// Makes the call of a request, into an empty reply.
void make_call(ByteSource& source, ByteSink& sink, std::string_view& name) {
    const auto id = decode<std::uint64_t>(source);
    const auto bytes = source.read(source.read_size());
    name = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    const RemoteEntry* entry = remote_table().find(id);
    if (entry == nullptr)
        throw RemoteError("asyncio::RemoteError",
                          "the function " + std::string(name) + " is not known in this process");
    encode(sink, AnswerKind::result);
    entry->call(source, sink);
}

void answer_with_exception(const std::exception_ptr& error, RemoteStack stack, std::string& reply) noexcept {
    try {
        reply.clear();
        ByteSink sink(reply);
        encode(sink, AnswerKind::exception);
        encode_exception(sink, error, std::move(stack));
    } catch (...) {
        reply.assign(1, static_cast<char>(AnswerKind::out_of_memory));  // needs no memory
    }
}

}  // namespace

RemoteEntry::RemoteEntry(std::string_view signature, Address function, Call call)
    : signature_(signature),
      name_(name_in(signature)),
      id_(hash_of(signature)),
      function_(function),
      call_(call) {
    remote_table().enter(*this);
}

RemoteEntry::~RemoteEntry() {
    remote_table().leave(*this);
}

void RemoteEntry::begin_call(ByteSink& request) const {
    static_cast<void>(remote_table().find(id_));  // throws for a name that is not unique
    constexpr std::size_t arguments = 64;         // of many functions
    request.bytes().reserve(request.bytes().size() + sizeof id_ + sizeof(std::uint64_t) + name_.size() + arguments);
    encode(request, id_);
    request.write_size(name_.size());
    request.write(name_.data(), name_.size());
}

void open_reply(ByteSource& reply) {
    switch (decode<AnswerKind>(reply)) {
        case AnswerKind::result:
            return;
        case AnswerKind::exception:
            rethrow_exception_from(reply);
        case AnswerKind::out_of_memory:
            throw std::bad_alloc();
    }
    throw CodecError("the reply of a job begins with an unknown byte");
}

}  // namespace detail

void check_remote_functions() {
    detail::remote_table().check();
}

void answer_call(std::span<const std::byte> request, std::string& reply) noexcept {
    detail::answer_with_files(request, nullptr, reply, nullptr);
}

void detail::answer_with_files(std::span<const std::byte> request, const SharedFiles* request_files, std::string& reply,
                               SharedFiles* reply_files) noexcept {
    reply.clear();
    std::string_view name;  // in the request
    ThrownStack thrown;
    const std::exception_ptr error = thrown.watch([&] {
        ByteSource source(request, request_files);
        ByteSink sink(reply, reply_files);
        make_call(source, sink, name);
    });
    if (error == nullptr) return;
    RemoteStack stack;
    try {
        stack = thrown.portable(std::string(name));
    } catch (const std::bad_alloc&) {
        // The exception goes without it.
    }
    answer_with_exception(error, std::move(stack), reply);
}

}  // namespace asyncio
