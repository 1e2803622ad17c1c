#pragma once

#include <asyncio/base/standard/memory.hpp>
#include <asyncio/executor/codec/aggregate_fields.hpp>
#include <asyncio/executor/codec/bytes.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <string_view>
#include <type_traits>

namespace asyncio {

namespace futures {
class Executor;
}  // namespace futures

/// What turns values of T into bytes and back: two static functions. `decode` trusts nothing: whatever the bytes are,
/// it returns a valid value or throws. Both ends are the same program on the same machine.
template <class C, class T>
concept Codec = requires(ByteSink& sink, ByteSource& source, const T& value) {
    C::encode(sink, value);
    { C::decode(source) } -> std::same_as<T>;
};

namespace detail {
template <class T>
struct DefaultCodec;
}  // namespace detail

/// The codec of T. Specialise it to choose one for a type of your own; everything that contains a T uses it as well:
///
///     template <>
///     struct asyncio::codec_for<Shape> {
///         static void encode(asyncio::ByteSink& sink, const Shape& shape) { asyncio::encode(sink, shape.points()); }
///         static Shape decode(asyncio::ByteSource& source) {
///             return Shape(asyncio::decode<std::vector<Point>>(source));
///         }
///     };
///
/// A codec writes at least one byte for each value.
template <class T>
struct codec_for : detail::DefaultCodec<T> {};

/// For trivially copyable classes that are no aggregates: `template <> struct codec_for<Point> : RawCodec<Point> {};`.
/// They must not contain addresses.
template <class T>
struct RawCodec {
    static_assert(std::is_trivially_copyable_v<T>, "asyncio codec: only trivially copyable types can be sent as bytes");
    /// An array of them can be copied in one piece.
    static constexpr bool sent_as_bytes = true;

    /// Writes the bytes of the object.
    static void encode(ByteSink& sink, const T& value) { sink.write(std::addressof(value), sizeof value); }
    /// Reads them. Throws CodecError when there are too few.
    static T decode(ByteSource& source) {
        std::array<std::byte, sizeof(T)> bytes;
        source.read(bytes.data(), bytes.size());
        return std::bit_cast<T>(bytes);
    }
};

namespace detail {

template <class T>
concept SentAsBytes = requires { requires codec_for<T>::sent_as_bytes; };

/// Why a type cannot be sent.
enum class Unsendable {
    no,
    reference,
    function,
    pointer,
    shared,
    view,
    awaitable,
    executor,
    callable,
    immovable,
    array,
    derived,
    fixed,
    too_many_fields,
    unknown,
};

template <class T>
concept IsView = requires(const T& value) {
    value.data();
    value.size();
} && std::is_trivially_copyable_v<T> && !std::is_aggregate_v<T>;

template <class T>
concept IsAwaitable = requires(T& value) { value.operator co_await(); } || requires(T&& value) {
    static_cast<T&&>(value).operator co_await();
} || requires(T& value) { value.await_ready(); };

template <class T>
concept IsSharedPointer =
    requires(const T& value) { value.use_count(); } || requires(const T& value) { value.operator->(); };

template <class T>
consteval Unsendable why_unsendable() {
    if constexpr (std::is_reference_v<T>) {
        return Unsendable::reference;
    } else if constexpr (Codec<codec_for<T>, T>) {
        return Unsendable::no;
    } else if constexpr (std::is_function_v<std::remove_pointer_t<T>> || std::is_member_pointer_v<T>) {
        return Unsendable::function;
    } else if constexpr (std::is_pointer_v<T> || std::is_null_pointer_v<T>) {
        return Unsendable::pointer;
    } else if constexpr (std::is_array_v<T>) {
        return Unsendable::array;
    } else if constexpr (IsView<T>) {
        return Unsendable::view;
    } else if constexpr (IsAwaitable<T>) {
        return Unsendable::awaitable;
    } else if constexpr (std::is_base_of_v<futures::Executor, T>) {
        return Unsendable::executor;
    } else if constexpr (requires { &T::operator(); }) {
        return Unsendable::callable;
    } else if constexpr (!std::is_move_constructible_v<T>) {
        return Unsendable::immovable;
    } else if constexpr (IsSharedPointer<T>) {
        return Unsendable::shared;
    } else if constexpr (std::is_aggregate_v<T> && !std::is_union_v<T>) {
        if constexpr (has_base<T>) return Unsendable::derived;
        if constexpr (!std::is_move_assignable_v<T>) return Unsendable::fixed;
        return Unsendable::too_many_fields;
    } else {
        return Unsendable::unknown;
    }
}

/// Compiles for types that can be sent.
template <class T>
consteval void require_codec() {
    constexpr Unsendable why = why_unsendable<T>();
    static_assert(why != Unsendable::reference, "asyncio codec: a reference cannot be sent: send the value");
    static_assert(why != Unsendable::function,
                  "asyncio codec: a pointer to a function cannot be sent; a job is named by asyncio::remote<&f>");
    static_assert(why != Unsendable::pointer,
                  "asyncio codec: a pointer means nothing in another process: send the object, or std::unique_ptr");
    static_assert(why != Unsendable::shared,
                  "asyncio codec: nothing is shared with another process: send the object, or std::unique_ptr");
    static_assert(why != Unsendable::view,
                  "asyncio codec: a view does not own what it shows: send std::string or std::vector");
    static_assert(why != Unsendable::awaitable,
                  "asyncio codec: a coroutine, task or future stays with its loop: await it, and send its result");
    static_assert(why != Unsendable::executor,
                  "asyncio codec: an executor cannot be sent; a job that waits for its own pool would wait for ever");
    static_assert(why != Unsendable::callable,
                  "asyncio codec: a lambda or function object cannot be sent; a job is named by asyncio::remote<&f>");
    static_assert(why != Unsendable::immovable,
                  "asyncio codec: what cannot be moved (a lock, an event) stays in its process");
    static_assert(why != Unsendable::array, "asyncio codec: an array cannot be sent: use std::array");
    static_assert(why != Unsendable::derived,
                  "asyncio codec: an aggregate with a base class needs a codec: specialise asyncio::codec_for<T>");
    static_assert(why != Unsendable::fixed,
                  "asyncio codec: an aggregate with const or reference members cannot be sent");
    static_assert(why != Unsendable::too_many_fields,
                  "asyncio codec: an aggregate with this many members needs a codec: specialise asyncio::codec_for<T>");
    static_assert(why != Unsendable::unknown,
                  "asyncio codec: a class with private members needs a codec: specialise asyncio::codec_for<T>");
}

}  // namespace detail

/// Writes a value with the codec of its type. Throws what that throws.
template <class T>
void encode(ByteSink& sink, const T& value) {
    detail::require_codec<T>();
    if constexpr (Codec<codec_for<T>, T>) codec_for<T>::encode(sink, value);
}

/// Reads what `encode` wrote. Throws CodecError, or what the codec throws.
template <class T>
[[nodiscard]] T decode(ByteSource& source) {
    detail::require_codec<T>();
    if constexpr (Codec<codec_for<T>, T>) return codec_for<T>::decode(source);
}

namespace detail {

template <class T>
struct DefaultCodec {};

template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
struct DefaultCodec<T> : RawCodec<T> {};

/// A byte of its own, because only two of its values are a bool.
template <>
struct DefaultCodec<bool> {
    static void encode(ByteSink& sink, bool value) {
        const char byte = value ? 1 : 0;
        sink.write(&byte, 1);
    }
    static bool decode(ByteSource& source) {
        unsigned char byte = 0;
        source.read(&byte, 1);
        if (byte > 1) throw CodecError("a byte that is neither true nor false");
        return byte == 1;
    }
};

/// Field after field; as bytes where all of them are.
template <PlainAggregate T>
struct DefaultCodec<T> {
private:
    template <class... Fields>
    static consteval bool as_bytes(FieldTypes<Fields...>) {
        return sizeof...(Fields) > 0 && (SentAsBytes<std::remove_all_extents_t<Fields>> && ...);
    }

public:
    static constexpr bool sent_as_bytes = [] {
        if constexpr (std::is_trivially_copyable_v<T>) return as_bytes(field_types<T>());
        return false;
    }();

    static void encode(ByteSink& sink, const T& value) {
        if constexpr (sent_as_bytes) {
            RawCodec<T>::encode(sink, value);
        } else if constexpr (field_count<T> == 0) {
            sink.write_size(0);
        } else {
            const Nesting nesting = sink.nest();
            visit_fields(value, [&sink](const auto&... fields) { (asyncio::encode(sink, fields), ...); });
        }
    }
    static T decode(ByteSource& source) {
        if constexpr (sent_as_bytes) {
            return RawCodec<T>::decode(source);
        } else if constexpr (field_count<T> == 0) {
            static_cast<void>(source.read(1));
            return T{};
        } else {
            const Nesting nesting = source.nest();
            return decode_fields(source, field_types<T>());
        }
    }

private:
    template <class... Fields>
    static T decode_fields(ByteSource& source, FieldTypes<Fields...>) {
        return T{asyncio::decode<Fields>(source)...};
    }
};

}  // namespace detail
}  // namespace asyncio
