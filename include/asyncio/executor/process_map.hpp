#pragma once

#include <asyncio/executor/concurrent_future.hpp>
#include <asyncio/executor/map_results.hpp>
#include <asyncio/executor/remote_job.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <tuple>
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
          views_(std::make_unique<std::tuple<Views...>>(std::move(views)...)) {
        if (chunksize == 0) throw std::invalid_argument("chunksize must be >= 1.");
        std::apply([this](auto&... view) { at_.emplace(std::ranges::begin(view)...); }, *views_);
    }

    std::optional<futures::Future<T>> next() {
        if (chunk_.empty()) submit_chunk(std::index_sequence_for<Views...>());
        if (chunk_.empty()) return std::nullopt;
        std::optional<futures::Future<T>> future(std::move(chunk_.front()));
        chunk_.pop_front();
        return future;
    }

private:
    template <std::size_t... I>
    void submit_chunk(std::index_sequence<I...>) {
        auto message = std::make_unique<RemoteMessage>();
        bool first = true;
        while (chunk_.size() < chunksize_ && ((std::get<I>(*at_) != std::ranges::end(std::get<I>(*views_))) && ...)) {
            if (!first) message->further.push_back(std::make_unique<RemoteJob>());
            RemoteJob& job = first ? message->first : *message->further.back();
            chunk_.push_back(deliver_to_future<T>(job));
            const bool written = write_request<F>(job, *std::get<I>(*at_)...);
            if (!written && !first) message->further.pop_back();
            if (written) first = false;
            (static_cast<void>(++std::get<I>(*at_)), ...);
        }
        if (!first) executor_->execute_message(std::move(message), RemoteFunction<F>::entry().name());
    }

    E* executor_;
    std::size_t chunksize_;
    std::unique_ptr<std::tuple<Views...>> views_;  // iterators may point into them
    std::optional<std::tuple<std::ranges::iterator_t<Views>...>> at_;
    std::deque<futures::Future<T>> chunk_;  // submitted, not yet asked for
};

}  // namespace asyncio::detail
