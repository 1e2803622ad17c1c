#pragma once

#include <asyncio/base/owner.hpp>
#include <asyncio/base/ring.hpp>
#include <asyncio/base/standard/ranges.hpp>
#include <asyncio/executor/concurrent_future.hpp>
#include <asyncio/executor/map_results.hpp>
#include <asyncio/executor/remote_job.hpp>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <utility>

namespace asyncio::detail {

/// Gives a pool the calls of a `map`, so many to a message.
template <class E, auto F, class... Views>
class ChunkSource {
public:
    using T = typename RemoteFunction<F>::result_type;

    ChunkSource(E& executor, std::size_t chunksize, Views... views)
        : executor_(&executor),
          chunksize_(chunksize),
          arguments_(std::move(views)...) {
        if (chunksize == 0) throw std::invalid_argument("chunksize must be >= 1.");
    }

    std::optional<futures::Future<T>> next() {
        if (chunk_.size() == 0) submit_chunk();
        if (chunk_.size() == 0) return std::nullopt;
        return chunk_.take();
    }

private:
    void submit_chunk() {
        auto message = make_owner<RemoteMessage>();
        bool first = true;
        while (chunk_.size() < chunksize_ && !arguments_.at_end()) {
            RemoteJob& job = first ? message->first : message->add_job();
            chunk_.push(deliver_to_future<T>(job));
            const bool written = arguments_.take([&](auto&&... arguments) {
                return write_request<F>(*message, job, std::forward<decltype(arguments)>(arguments)...);
            });
            if (!written && !first) message->drop_last_job();
            if (written) first = false;
        }
        if (!first) executor_->execute_message(std::move(message), RemoteFunction<F>::entry().name());
    }

    E* executor_;
    std::size_t chunksize_;
    Zipped<Views...> arguments_;
    Ring<futures::Future<T>> chunk_;  // submitted, not yet asked for
};

}  // namespace asyncio::detail
