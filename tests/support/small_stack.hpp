#pragma once

#include <gtest/gtest.h>

#include <pthread.h>

namespace support {

/// Runs `body` on a stack of 512 KiB (std::thread cannot choose it), so that growth is seen as a crash long before a
/// page per level would be needed.
template <class Body>
void on_a_small_stack(Body body) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, 512 * 1024), 0);
    pthread_t thread;
    const auto entry = [](void* argument) -> void* {
        (*static_cast<Body*>(argument))();
        return nullptr;
    };
    ASSERT_EQ(pthread_create(&thread, &attributes, entry, &body), 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
}

}  // namespace support
