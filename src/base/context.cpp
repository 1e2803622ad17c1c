#include <asyncio/base/context.hpp>

#include "shared_count.hpp"

#include <asyncio/base/context_var.hpp>

#include <stdexcept>
#include <utility>

namespace asyncio {

namespace detail {

constinit thread_local ThreadContext thread_context;

namespace {

/// Gives up a thread's own context when it ends.
struct ThreadEnd {
    bool armed = false;
    ~ThreadEnd() {
        const std::uintptr_t own = std::exchange(thread_context.own, 0);
        if (ContextWord::is_core(own)) ContextWord::core_at(own).release();
    }
};
thread_local ThreadEnd thread_end;

/// The core of the current context; makes it if this is the first change in there.
ContextCore& current_core() {
    std::uintptr_t& bits = thread_context.entered != nullptr ? *thread_context.entered : thread_context.own;
    if (ContextWord::is_core(bits)) return ContextWord::core_at(bits);
    auto* core = new ContextCore(ContextMap(), true);
    core->map = ContextMap::adopt(bits);
    bits = reinterpret_cast<std::uintptr_t>(core) + ContextWord::core_tag;
    if (thread_context.entered == nullptr) thread_end.armed = true;  // touching it makes its destructor run
    return *core;
}

bool made_in_current(const TokenState& token) noexcept {
    const std::uintptr_t bits = thread_context.bits();
    return ContextWord::is_core(bits) && &ContextWord::core_at(bits) == token.context.get();
}

/// Gives back what the map held before, which must be destroyed last: its destructor may use the variable.
ContextEntryPtr restore(TokenState& token) {
    ContextMap& map = token.context->map;
    ContextEntryPtr replaced = token.old ? map.assign(token.old) : map.erase(*token.var);
    token.used = true;
    return replaced;
}

std::string text_of(const TokenState& token) {
    return "<Token var=" + token.var->name + ">";
}

}  // namespace

void ContextCore::retain() noexcept {
    references_.up();
}
void ContextCore::release() noexcept {
    if (references_.down()) delete this;
}

bool ContextCore::enter() noexcept {
    if (published_) return !entered_.exchange(true, memory_acquire);
    // Nobody but its task or handle knows it: no other thread can come between.
    if (entered_.load(memory_relaxed)) return false;
    entered_.store(true, memory_relaxed);
    return true;
}

Context ContextWord::share(bool running) {
    if (!is_core(bits_)) {
        auto* core = new ContextCore(ContextMap(), running);
        core->map = ContextMap::adopt(bits_);
        bits_ = reinterpret_cast<std::uintptr_t>(core) + core_tag;
    }
    return Context(ContextCorePtr(&core_at(bits_)));
}

std::uintptr_t ContextWord::snapshot_of(std::uintptr_t bits) noexcept {
    if (is_core(bits)) bits = core_at(bits).map.word();
    return bits == 0 ? 0 : ContextMap::shared(bits);
}

void ContextWord::drop(std::uintptr_t bits) noexcept {
    if (is_core(bits)) {
        core_at(bits).release();
    } else {
        ContextMap::drop(bits);
    }
}

void throw_already_entered() {
    throw RuntimeError("cannot enter context: it is already entered");
}

void throw_not_set(const ContextVarCore& var) {
    throw LookupError("<ContextVar name='" + var.name + "'> has no value");
}

TokenState set_in_current(ContextEntryPtr entry) {
    ContextCore& core = current_core();
    TokenState token{IntrusivePtr<ContextVarCore>(&entry->var()), ContextCorePtr(&core), nullptr, false};
    token.old = core.map.assign(std::move(entry));
    return token;
}

void reset_in_current(const ContextVarCore& var, TokenState& token) {
    if (token.used) throw RuntimeError(text_of(token) + " has already been used once");
    if (token.var.get() != &var) throw std::invalid_argument(text_of(token) + " was created by a different ContextVar");
    if (!made_in_current(token)) throw std::invalid_argument(text_of(token) + " was created in a different Context");
    static_cast<void>(restore(token));
}

void try_reset(TokenState& token) noexcept {
    if (token.used || !made_in_current(token)) return;
    try {
        static_cast<void>(restore(token));
    } catch (...) {
        // Out of memory for a map that others share: the value stays.
    }
}

}  // namespace detail

AnyContextVar::~AnyContextVar() = default;

Context::Context() : Context(detail::ContextCorePtr::adopt(new detail::ContextCore(detail::ContextMap()))) {}

detail::ContextCore* Context::new_core() const {
    return new detail::ContextCore(core_->map);
}

std::size_t Context::size() const {
    return core_->map.entries().size();
}

std::vector<AnyContextVar> Context::keys() const {
    std::vector<AnyContextVar> all;
    for (const detail::ContextEntry* entry : core_->map.entries())
        all.emplace_back(detail::IntrusivePtr<detail::ContextVarCore>(&entry->var()));
    return all;
}

std::vector<std::any> Context::values() const {
    std::vector<std::any> all;
    for (const detail::ContextEntry* entry : core_->map.entries()) all.push_back(entry->value_as_any());
    return all;
}

std::vector<std::pair<AnyContextVar, std::any>> Context::items() const {
    std::vector<std::pair<AnyContextVar, std::any>> all;
    for (const detail::ContextEntry* entry : core_->map.entries())
        all.emplace_back(AnyContextVar(detail::IntrusivePtr<detail::ContextVarCore>(&entry->var())),
                         entry->value_as_any());
    return all;
}

Context copy_context() {
    return detail::ContextWord::snapshot().share(false);
}

}  // namespace asyncio
