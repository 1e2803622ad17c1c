#pragma once

#include <asyncio/base/exceptions.hpp>
#include <asyncio/base/standard/functional.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/sync/lock.hpp>
#include <asyncio/sync/semaphore.hpp>
#include <asyncio/task/coro.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace asyncio {

template <class T>
class ResourcePool;

/// See ResourcePool::statistics.
struct ResourcePoolStatistics {
    WaitStatistics waiters;     ///< who wait in `acquire`
    std::size_t idle = 0;       ///< ready to be lent
    std::size_t borrowed = 0;   ///< with those that are being made, checked or closed
    std::uint64_t created = 0;  ///< so far
    std::uint64_t dropped = 0;  ///< failed their check, or were discarded, so far
};

/// A resource on loan from a ResourcePool, which gets it back at the end of the scope. Movable. When the pool is
/// destroyed first, the resource stays here and is destroyed with this.
template <class T>
class [[nodiscard("the resource goes back when this is destroyed")]] Lease {
public:
    /// Leaves `other` empty.
    Lease(Lease&& other) noexcept
        : pool_(other.pool_),
          unit_(std::move(other.unit_)),
          resource_(std::exchange(other.resource_, std::nullopt)) {}
    /// Gives back what was here; leaves `other` empty.
    Lease& operator=(Lease&& other) noexcept {
        if (this == &other) return *this;
        release();
        pool_ = other.pool_;
        unit_ = std::move(other.unit_);
        resource_ = std::exchange(other.resource_, std::nullopt);
        return *this;
    }
    ~Lease() { release(); }

    /// Whether there is a resource in it.
    [[nodiscard]] bool owns() const noexcept { return resource_.has_value(); }
    /// As `owns()`.
    explicit operator bool() const noexcept { return owns(); }

    /// The resource. Precondition: `owns()`.
    [[nodiscard]] T& operator*() noexcept { return *resource_; }
    /// The same.
    [[nodiscard]] T* operator->() noexcept { return &*resource_; }
    /// The same.
    [[nodiscard]] T& get() noexcept { return *resource_; }

    /// Gives the resource back now; does nothing when there is none.
    void release() noexcept { give_back(true); }
    /// It is broken: destroys it, and the pool makes another one when one is asked for. Does nothing when there is
    /// none.
    void discard() noexcept { give_back(false); }

private:
    friend class ResourcePool<T>;

    Lease(ResourcePool<T>& pool, Guard<Semaphore> unit, T resource)
        : pool_(&pool),
          unit_(std::move(unit)),
          resource_(std::move(resource)) {}

    void give_back(bool usable) noexcept;

    ResourcePool<T>* pool_;
    Guard<Semaphore> unit_;  // has nothing to release once the pool is gone
    std::optional<T> resource_;
};

/// Keeps at most `size` resources, such as connections, and lends them to tasks: makes one when none is idle, checks
/// one that is before it is lent again, and makes another in the place of one that is broken.
///
///     asyncio::ResourcePool<Connection> pool(10, connect, is_alive, disconnect);
///     auto connection = co_await pool.acquire();
///     co_await connection->send(query);          // goes back at the end of the scope
///
/// The one that came back last is lent first. Tasks get them in the order in which they asked. T is movable, without
/// throwing; its destructor lets go of what it holds: `close` is the orderly way, which there is not always time for.
/// Construction needs no loop; the pool is bound to the loop of the first task that has to wait for it.
///
/// Destroying it: idle resources are destroyed without `close`; tasks that wait get RuntimeError; leases keep theirs.
/// Thread safety: none, for the loop's own thread only. Python's asyncio has none; see asyncpg's and aiohttp's pools.
template <class T>
class ResourcePool {
    static_assert(std::is_nothrow_move_constructible_v<T>, "a resource changes hands, which must not fail");

public:
    /// Makes a resource. What it throws comes out of `acquire`.
    using Create = std::function<Coro<T>()>;
    /// Whether an idle resource can still be used; asked before it is lent again.
    using Check = std::function<Coro<bool>(T& resource)>;
    /// Closes a resource before it is destroyed.
    using Close = std::function<Coro<void>(T& resource)>;

    /// Without `check` each resource counts as healthy, without `close` its destructor is all there is.
    /// Throws std::invalid_argument when `size` is not positive or `create` is empty.
    ResourcePool(std::ptrdiff_t size, Create create, Check check = nullptr, Close close = nullptr)
        : size_(size),
          hooks_(std::make_shared<const Hooks>(Hooks{std::move(create), std::move(check), std::move(close)})),
          free_(size > 0 ? size : 0) {
        if (size <= 0 || !hooks_->create) throw std::invalid_argument("ResourcePool needs a size > 0 and a factory");
        idle_.reserve(static_cast<std::size_t>(size));  // so that giving back cannot fail
    }
    ResourcePool(const ResourcePool&) = delete;
    ResourcePool& operator=(const ResourcePool&) = delete;

    /// Borrows a resource, waiting until one of the `size` is free.
    ///
    /// Throws what `create` throws; the place in the pool is free again then. A `check` that throws means broken. What
    /// the `close` of a broken one throws is dropped. Throws RuntimeError when the pool is or gets closed, when it is
    /// destroyed meanwhile, and when it belongs to another loop.
    /// Cancellation: CancelledError; a resource that is being made or checked is destroyed, the place is free again.
    [[nodiscard]] Coro<Lease<T>> acquire() {
        require_open();  // not in the line behind aclose(), which may wait for this very task
        auto unit = co_await free_.guard();
        const std::shared_ptr<const Hooks> hooks = hooks_;  // may outlive the pool, while one of them is awaited
        require_open();
        while (!idle_.empty()) {
            T resource = std::move(idle_.back());
            idle_.pop_back();
            if (co_await is_healthy(*hooks, resource)) {
                require_existing(unit);
                co_return lend(std::move(unit), std::move(resource));
            }
            require_existing(unit);
            ++dropped_;
            co_await close_quietly(*hooks, resource);
            require_existing(unit);
        }
        require_open();
        T resource = co_await hooks->create();
        require_existing(unit);
        ++created_;
        co_return lend(std::move(unit), std::move(resource));
    }

    /// Ends the pool: from now on `acquire` throws; waits until all leases are back, and closes every resource. May be
    /// called again, also at the same time. Throws, after all are closed, the first exception of `close`.
    /// Cancellation: CancelledError; the pool stays closed, and what was not closed yet is for the next call, but for
    /// the one whose `close` was cut short, which is destroyed.
    [[nodiscard]] Coro<void> aclose() {
        closed_ = true;
        auto alone = co_await closing_.guard();
        const std::shared_ptr<const Hooks> hooks = hooks_;
        std::exception_ptr error;
        std::vector<Guard<Semaphore>> units;  // who waits in `acquire` is before us, and leaves with RuntimeError
        for (std::ptrdiff_t i = 0; i < size_; ++i) units.push_back(co_await free_.guard());
        while (alone.owns() && !idle_.empty()) {
            T resource = std::move(idle_.back());
            idle_.pop_back();
            if (!hooks->close) continue;
            try {
                co_await hooks->close(resource);
            } catch (const CancelledError&) {
                throw;
            } catch (...) {
                if (!error) error = std::current_exception();
            }
        }
        if (error) std::rethrow_exception(error);
    }

    /// Whether `aclose()` was called.
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    /// A snapshot of its state, for debugging and monitoring. O(1).
    [[nodiscard]] ResourcePoolStatistics statistics() const noexcept {
        const SemaphoreStatistics free = free_.statistics();
        return {free.waiters, idle_.size(), static_cast<std::size_t>(size_ - free.value), created_, dropped_};
    }

private:
    friend class Lease<T>;
    struct Hooks {
        Create create;
        Check check;
        Close close;
    };

    static Coro<bool> is_healthy(const Hooks& hooks, T& resource) {
        if (!hooks.check) co_return true;
        try {
            co_return co_await hooks.check(resource);
        } catch (const CancelledError&) {
            throw;
        } catch (const std::exception&) {
            co_return false;
        }
    }
    static Coro<void> close_quietly(const Hooks& hooks, T& resource) {
        if (!hooks.close) co_return;
        try {
            co_await hooks.close(resource);
        } catch (const CancelledError&) {
            throw;
        } catch (const std::exception&) {
            // It is broken: that it cannot be closed in order is no news.
        }
    }
    /// While something was awaited the pool may have been destroyed.
    static void require_existing(const Guard<Semaphore>& unit) {
        if (!unit.owns()) throw RuntimeError("ResourcePool destroyed while being awaited");
    }
    /// Throws when the pool was closed meanwhile: then aclose() waits for the resource, and closes it.
    Lease<T> lend(Guard<Semaphore> unit, T resource) {
        Lease<T> lease(*this, std::move(unit), std::move(resource));
        require_open();
        return lease;
    }
    void require_open() const {
        if (closed_) throw RuntimeError("ResourcePool is closed");
    }

    std::ptrdiff_t size_;
    std::shared_ptr<const Hooks> hooks_;
    std::vector<T> idle_;
    bool closed_ = false;
    std::uint64_t created_ = 0;
    std::uint64_t dropped_ = 0;
    Lock closing_;
    BoundedSemaphore free_;
};

template <class T>
void Lease<T>::give_back(bool usable) noexcept {
    if (!resource_) return;
    if (unit_.owns()) {
        if (usable) {
            pool_->idle_.push_back(std::move(*resource_));
        } else {
            ++pool_->dropped_;
        }
    }
    resource_.reset();
    unit_.release();
}

}  // namespace asyncio
