#pragma once

#include <asyncio/base/standard/chrono.hpp>
#include <asyncio/base/standard/memory.hpp>
#include <asyncio/executor/codec/codec_for.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace asyncio {

namespace detail {

/// How many elements to make room for: no more memory than the bytes that were sent.
template <class T>
std::size_t reserve_for(std::size_t count, const ByteSource& source) {
    const std::size_t most = source.remaining() / sizeof(T) + 1;
    return count < most ? count : most;
}

/// Bytes may be looked at as if they were these.
template <class T>
concept IsByte = std::same_as<T, char> || std::same_as<T, unsigned char> || std::same_as<T, std::byte>;

/// What lies in one piece: std::string, std::vector.
template <class C>
struct ContiguousCodec {
    using Element = typename C::value_type;

    static void encode(ByteSink& sink, const C& elements) {
        sink.write_size(elements.size());
        if constexpr (SentAsBytes<Element>) {
            sink.write(elements.data(), elements.size() * sizeof(Element));
        } else {
            const Nesting nesting = sink.nest();
            for (const auto& element : elements) asyncio::encode<Element>(sink, element);
        }
    }
    static C decode(ByteSource& source) {
        C elements;
        if constexpr (IsByte<Element>) {
            const auto bytes = source.read(source.read_size());
            const auto* first = reinterpret_cast<const Element*>(bytes.data());
            elements.assign(first, first + bytes.size());
        } else if constexpr (SentAsBytes<Element> && std::is_default_constructible_v<Element>) {
            elements.resize(source.read_size(sizeof(Element)));
            source.read(elements.data(), elements.size() * sizeof(Element));
        } else {
            const std::size_t count = source.read_size();
            const Nesting nesting = source.nest();
            elements.reserve(reserve_for<Element>(count, source));
            for (std::size_t i = 0; i < count; ++i) elements.push_back(asyncio::decode<Element>(source));
        }
        return elements;
    }
};

/// Deques, lists, sets, maps and their like. Not by their names: who has one has included its header, and nobody else
/// needs it.
template <class C>
concept InsertableContainer =
    std::default_initializable<C> && requires(C& container, const C& constant, typename C::value_type element) {
        typename C::allocator_type;
        requires !std::same_as<typename C::value_type, C>;
        container.insert(container.end(), std::move(element));
        constant.size();
    };

/// Every other container: element after element.
template <class C, class Element = typename C::value_type>
struct ContainerCodec {
    static void encode(ByteSink& sink, const C& elements) {
        sink.write_size(elements.size());
        const Nesting nesting = sink.nest();
        for (const auto& element : elements) asyncio::encode<Element>(sink, element);
    }
    static C decode(ByteSource& source) {
        C elements;
        const std::size_t count = source.read_size();
        const Nesting nesting = source.nest();
        for (std::size_t i = 0; i < count; ++i) elements.insert(elements.end(), asyncio::decode<Element>(source));
        return elements;
    }
};

}  // namespace detail

template <class T, class Traits, class Allocator>
struct codec_for<std::basic_string<T, Traits, Allocator>>
    : detail::ContiguousCodec<std::basic_string<T, Traits, Allocator>> {};
template <class T, class Allocator>
struct codec_for<std::vector<T, Allocator>> : detail::ContiguousCodec<std::vector<T, Allocator>> {};
template <class Allocator>
struct codec_for<std::vector<bool, Allocator>> : detail::ContainerCodec<std::vector<bool, Allocator>, bool> {};
/// std::deque, list, set, map, unordered_map and so on, and class templates that can be used like them; but nothing
/// that is derived from one, which may have more to send.
template <template <class...> class C, class... Ts>
    requires detail::InsertableContainer<C<Ts...>>
struct codec_for<C<Ts...>> : detail::ContainerCodec<C<Ts...>> {};

template <class T, std::size_t N>
struct codec_for<std::array<T, N>> {
    static constexpr bool sent_as_bytes = N > 0 && detail::SentAsBytes<T>;

    static void encode(ByteSink& sink, const std::array<T, N>& elements) {
        if constexpr (sent_as_bytes) {
            sink.write(elements.data(), sizeof elements);
        } else if constexpr (N == 0) {
            sink.write_size(0);
        } else {
            for (const T& element : elements) asyncio::encode(sink, element);
        }
    }
    static std::array<T, N> decode(ByteSource& source) {
        if constexpr (sent_as_bytes) {
            return RawCodec<std::array<T, N>>::decode(source);
        } else if constexpr (N == 0) {
            static_cast<void>(source.read(1));
            return {};
        } else {
            return decode_elements(source, std::make_index_sequence<N>());
        }
    }

private:
    template <std::size_t... I>
    static std::array<T, N> decode_elements(ByteSource& source, std::index_sequence<I...>) {
        return {{(static_cast<void>(I), asyncio::decode<T>(source))...}};
    }
};

/// A key of a map is a const first.
template <class First, class Second>
struct codec_for<std::pair<First, Second>> {
    static void encode(ByteSink& sink, const std::pair<First, Second>& both) {
        asyncio::encode(sink, both.first);
        asyncio::encode(sink, both.second);
    }
    static std::pair<First, Second> decode(ByteSource& source) {
        return {asyncio::decode<std::remove_const_t<First>>(source), asyncio::decode<Second>(source)};
    }
};

template <class... Ts>
struct codec_for<std::tuple<Ts...>> {
    static void encode(ByteSink& sink, const std::tuple<Ts...>& all) {
        if constexpr (sizeof...(Ts) == 0) {
            sink.write_size(0);
        } else {
            std::apply([&sink](const Ts&... each) { (asyncio::encode(sink, each), ...); }, all);
        }
    }
    static std::tuple<Ts...> decode(ByteSource& source) {
        if constexpr (sizeof...(Ts) == 0) static_cast<void>(source.read(1));
        return std::tuple<Ts...>{asyncio::decode<Ts>(source)...};
    }
};

template <class T>
struct codec_for<std::optional<T>> {
    static void encode(ByteSink& sink, const std::optional<T>& value) {
        asyncio::encode(sink, value.has_value());
        if (value) asyncio::encode(sink, *value);
    }
    static std::optional<T> decode(ByteSource& source) {
        if (!asyncio::decode<bool>(source)) return std::nullopt;
        return std::optional<T>(std::in_place, asyncio::decode<T>(source));
    }
};

template <>
struct codec_for<std::monostate> {
    static void encode(ByteSink& sink, std::monostate) { sink.write_size(0); }
    static std::monostate decode(ByteSource& source) {
        static_cast<void>(source.read(1));
        return {};
    }
};

/// Throws CodecError for one that is valueless by an exception.
template <class... Ts>
struct codec_for<std::variant<Ts...>> {
    using Variant = std::variant<Ts...>;

    static void encode(ByteSink& sink, const Variant& value) {
        if (value.valueless_by_exception()) throw CodecError("a variant without a value cannot be sent");
        sink.write_size(value.index());
        std::visit([&sink](const auto& alternative) { asyncio::encode(sink, alternative); }, value);
    }
    static Variant decode(ByteSource& source) {
        const std::size_t index = source.read_size();
        return decode_alternative<0>(source, index);
    }

private:
    template <std::size_t I>
    static Variant decode_alternative(ByteSource& source, std::size_t index) {
        if constexpr (I == sizeof...(Ts)) {
            throw CodecError("alternative " + std::to_string(index) + " of a variant with " + std::to_string(I));
        } else {
            if (index != I) return decode_alternative<I + 1>(source, index);
            return Variant(std::in_place_index<I>, asyncio::decode<std::variant_alternative_t<I, Variant>>(source));
        }
    }
};

/// The object itself; both ends own one.
template <class T>
    requires(!std::is_array_v<T>)
struct codec_for<std::unique_ptr<T>> {
    static_assert(!std::is_polymorphic_v<T> || std::is_final_v<T>,
                  "asyncio codec: what a pointer to a base class points to is not known: send std::variant");

    static void encode(ByteSink& sink, const std::unique_ptr<T>& pointer) {
        asyncio::encode(sink, pointer != nullptr);
        if (pointer == nullptr) return;
        const detail::Nesting nesting = sink.nest();
        asyncio::encode<std::remove_const_t<T>>(sink, *pointer);
    }
    static std::unique_ptr<T> decode(ByteSource& source) {
        if (!asyncio::decode<bool>(source)) return nullptr;
        const detail::Nesting nesting = source.nest();
        return std::unique_ptr<T>(new T(asyncio::decode<std::remove_const_t<T>>(source)));
    }
};

template <class Rep, class Period>
struct codec_for<std::chrono::duration<Rep, Period>> : RawCodec<std::chrono::duration<Rep, Period>> {
    static_assert(detail::SentAsBytes<Rep>, "asyncio codec: durations of numbers only");
};
template <class Clock, class Duration>
struct codec_for<std::chrono::time_point<Clock, Duration>> : RawCodec<std::chrono::time_point<Clock, Duration>> {
    static_assert(detail::SentAsBytes<Duration>, "asyncio codec: durations of numbers only");
};

}  // namespace asyncio
