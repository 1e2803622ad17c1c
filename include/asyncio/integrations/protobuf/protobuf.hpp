#pragma once

// Protocol Buffers as arguments and results of jobs in other processes: including this header gives every generated
// message its codec, wherever it stands (in a vector, in an aggregate). CMake component asyncio::protobuf.

#include <asyncio/executor/codec.hpp>

#include <concepts>
#include <cstddef>
#include <google/protobuf/message_lite.h>
#include <limits>
#include <span>
#include <string>
#include <type_traits>

namespace asyncio {

namespace protobuf {

/// A class that protoc has generated.
template <class T>
concept Message = std::derived_from<T, google::protobuf::MessageLite> && std::is_default_constructible_v<T>;

/// Messages in their own wire format. Fields that the receiver does not know survive, as everywhere in protobuf.
template <Message T>
struct Codec {
    /// Throws CodecError for a message of 2 GiB or more, and for one without a required field.
    static void encode(ByteSink& sink, const T& message) {
        if (!message.IsInitialized())
            throw CodecError(message.GetTypeName() + " lacks required fields: " + message.InitializationErrorString());
        const std::size_t size = message.ByteSizeLong();
        if (size > longest) throw CodecError(message.GetTypeName() + " is longer than protobuf allows");
        sink.write_size(size);
        std::string& bytes = sink.bytes();
        const std::size_t before = bytes.size();
        bytes.resize(before + size);
        if (!message.SerializeToArray(bytes.data() + before, static_cast<int>(size)))
            throw CodecError(message.GetTypeName() + " could not be serialised");
    }
    /// Throws CodecError for what is no such message.
    static T decode(ByteSource& source) {
        const std::size_t size = source.read_size();
        const auto bytes = source.read(size);
        T message;
        if (size > longest || !message.ParseFromArray(bytes.data(), static_cast<int>(size)))
            throw CodecError("the bytes are no " + message.GetTypeName());
        return message;
    }

private:
    static constexpr std::size_t longest = std::numeric_limits<int>::max();
};

}  // namespace protobuf

template <protobuf::Message T>
struct codec_for<T> : protobuf::Codec<T> {};

}  // namespace asyncio
