#pragma once

#include <asyncio/base/timer_heap.hpp>
#include <asyncio/net/server.hpp>

namespace asyncio::detail {

/// One listening socket of a server: accepts by an operation of its own, so that no task is needed.
///
///     idle ──start──► pending ──a connection──► queued ──its turn: hands over──► pending …
///                                                  └─out of descriptors──► pausing ──1 s──► pending
class ServerCore::Listener : public ReadyNode {
public:
    Listener(ServerCore& server, DescriptorPtr socket);

    void start();
    void close() noexcept;
    [[nodiscard]] SocketAddress address() const;
    [[nodiscard]] const DescriptorPtr& socket() const noexcept { return operation_.descriptor; }

private:
    static void completed(Operation& operation) noexcept;
    static void run(ReadyNode& node, Turn turn);
    static void end_pause(ReadyNode& node, Turn turn);
    void queue() noexcept;
    void accept_several();
    /// False when accepting has to pause.
    bool take_result();
    void discard() noexcept;

    ServerCore& server_;
    struct Accepting : Operation {
        using Operation::Operation;
        Listener* listener = nullptr;
    } operation_;
    struct Pause : TimerNode {
        explicit Pause(Listener& owner) noexcept : TimerNode(&end_pause), listener(owner) {}
        Listener& listener;
    } pause_;
};

}  // namespace asyncio::detail
