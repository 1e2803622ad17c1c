#pragma once

#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

/// Finds the members of an aggregate without being told: how many initialisers it takes, and structured bindings.
namespace asyncio::detail {

/// Stands for a value of any type, in code that is never run.
template <class T>
struct AnyFieldOf {
    template <class U>
        requires(!std::is_same_v<U, T>)
    operator U() const noexcept {
        std::terminate();
    }
};
/// Likewise, of any base class of T.
template <class T>
struct AnyBaseOf {
    template <class U>
        requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>)
    operator U() const noexcept {
        std::terminate();
    }
};

template <class T, class Before, class Inner, class After>
struct InitialisedBy;
template <class T, std::size_t... I, std::size_t... J, std::size_t... K>
struct InitialisedBy<T, std::index_sequence<I...>, std::index_sequence<J...>, std::index_sequence<K...>> {
    static constexpr bool flat = requires { T{((void)I, AnyFieldOf<T>{})...}; };
    static constexpr bool nested =
        requires { T{((void)I, AnyFieldOf<T>{})..., {((void)J, AnyFieldOf<T>{})...}, ((void)K, AnyFieldOf<T>{})...}; };
};
template <class T, std::size_t N>
inline constexpr bool takes =
    InitialisedBy<T, std::make_index_sequence<N>, std::index_sequence<>, std::index_sequence<>>::flat;
template <class T, std::size_t Before, std::size_t Inner, std::size_t After>
inline constexpr bool takes_nested = InitialisedBy<T, std::make_index_sequence<Before>, std::make_index_sequence<Inner>,
                                                   std::make_index_sequence<After>>::nested;

inline constexpr std::size_t most_fields = 24;
/// An array counts once for each of its elements.
inline constexpr std::size_t most_initialisers = 64;
inline constexpr std::size_t too_many_fields = std::size_t(-1);

template <class T, std::size_t N = most_initialisers + 1>
consteval std::size_t count_initialisers() {
    if constexpr (takes<T, N>) {
        return N;
    } else if constexpr (N == 0) {
        return too_many_fields;
    } else {
        return count_initialisers<T, N - 1>();
    }
}

/// How many of the `Total` initialisers belong to the field that the one after `Before` begins: more than one for
/// arrays.
template <class T, std::size_t Total, std::size_t Before, std::size_t Length>
consteval std::size_t length_of_field() {
    if constexpr (Length <= 1) {
        return 1;
    } else if constexpr (takes_nested<T, Before, Length, Total - Before - Length> &&
                         !takes_nested<T, Before, Length, Total - Before - Length + 1>) {
        return Length;
    } else {
        return length_of_field<T, Total, Before, Length - 1>();
    }
}

template <class T, std::size_t Total, std::size_t Before = 0>
consteval std::size_t count_fields() {
    if constexpr (Total > most_initialisers) {
        return too_many_fields;
    } else if constexpr (Before == Total) {
        return 0;
    } else {
        constexpr std::size_t length = length_of_field<T, Total, Before, Total - Before>();
        return 1 + count_fields<T, Total, Before + length>();
    }
}

/// Of an aggregate without base classes.
template <class T>
inline constexpr std::size_t field_count = count_fields<T, count_initialisers<T>()>();

template <class T>
inline constexpr bool has_base = requires { T{AnyBaseOf<T>{}}; };

/// A class that is nothing but its members, and not too many of them.
template <class T>
concept PlainAggregate = std::is_class_v<T> && std::is_aggregate_v<T> && std::is_move_assignable_v<T> && !has_base<T> &&
                         field_count<T> <= most_fields;

/// Calls the visitor with all members.
template <PlainAggregate T, class Visitor>
    requires(field_count<T> > 0)
constexpr auto visit_fields(const T& value, Visitor&& visitor) {
    constexpr std::size_t count = field_count<T>;
    if constexpr (count == 1) {
        const auto& [a] = value;
        return visitor(a);
    } else if constexpr (count == 2) {
        const auto& [a, b] = value;
        return visitor(a, b);
    } else if constexpr (count == 3) {
        const auto& [a, b, c] = value;
        return visitor(a, b, c);
    } else if constexpr (count == 4) {
        const auto& [a, b, c, d] = value;
        return visitor(a, b, c, d);
    } else if constexpr (count == 5) {
        const auto& [a, b, c, d, e] = value;
        return visitor(a, b, c, d, e);
    } else if constexpr (count == 6) {
        const auto& [a, b, c, d, e, f] = value;
        return visitor(a, b, c, d, e, f);
    } else if constexpr (count == 7) {
        const auto& [a, b, c, d, e, f, g] = value;
        return visitor(a, b, c, d, e, f, g);
    } else if constexpr (count == 8) {
        const auto& [a, b, c, d, e, f, g, h] = value;
        return visitor(a, b, c, d, e, f, g, h);
    } else if constexpr (count == 9) {
        const auto& [a, b, c, d, e, f, g, h, i] = value;
        return visitor(a, b, c, d, e, f, g, h, i);
    } else if constexpr (count == 10) {
        const auto& [a, b, c, d, e, f, g, h, i, j] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j);
    } else if constexpr (count == 11) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k);
    } else if constexpr (count == 12) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k, l);
    } else if constexpr (count == 13) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k, l, m);
    } else if constexpr (count == 14) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k, l, m, n);
    } else if constexpr (count == 15) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
    } else if constexpr (count == 16) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
    } else if constexpr (count == 17) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q);
    } else if constexpr (count == 18) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r);
    } else if constexpr (count == 19) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
    } else if constexpr (count == 20) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t);
    } else if constexpr (count == 21) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u);
    } else if constexpr (count == 22) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v);
    } else if constexpr (count == 23) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w);
    } else if constexpr (count == 24) {
        const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x] = value;
        return visitor(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x);
    }
}

template <class... Fields>
struct FieldTypes {};

/// FieldTypes of the members, in their order.
template <PlainAggregate T>
consteval auto field_types() {
    if constexpr (field_count<T> == 0) {
        return FieldTypes<>{};
    } else {
        constexpr auto types = []<class... Fields>(const Fields&...) { return FieldTypes<Fields...>{}; };
        return decltype(visit_fields(std::declval<const T&>(), types)){};
    }
}

}  // namespace asyncio::detail
