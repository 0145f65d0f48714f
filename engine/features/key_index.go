package features

import (
	"github.com/zeebo/xxh3"
)

// hashKey returns what the customer of a key is filed under: its low bits name the shard, the others the place there.
func hashKey(key string) uint64 { return xxh3.HashString(key) }

func shardOf(hash uint64) int { return int(hash % shardCount) }

// keyHead returns the first eight bytes of a key as a number that sorts like them; a shorter key is filled with zeros.
func keyHead(key string) (head uint64) {
	if len(key) >= 8 {
		return uint64(key[7]) | uint64(key[6])<<8 | uint64(key[5])<<16 | uint64(key[4])<<24 |
			uint64(key[3])<<32 | uint64(key[2])<<40 | uint64(key[1])<<48 | uint64(key[0])<<56
	}
	for i := range len(key) {
		head |= uint64(key[i]) << (56 - 8*i)
	}
	return head
}

// keyIndex finds customers by their keys: an open-addressing table, three quarters full at most. Besides the place it
// holds the beginning of each key, so that the lookup of a short one touches nothing else.
type keyIndex struct {
	places []keyPlace
}

type keyPlace struct {
	head uint64 // as keyHead returns it
	tag  uint32 // of hash and length
	at   int32  // number of the key + 1, 0 = free
}

const (
	leastKeys = 16
	// indexBytes bounds what the index takes per key: 16 bytes a place, 3 of 8 of them taken at least.
	indexBytes = 43
)

// keyTag joins bits of the hash with the length; two keys of up to eight bytes with the same tag and head are equal.
func keyTag(key string, hash uint64) uint32 { return uint32(hash>>32)<<8 | uint32(min(len(key), 255)) }

// find returns the number of the key among keys, -1 when it is not there. head is keyHead(key), hash hashKey(key).
func (x *keyIndex) find(keys []string, key string, head, hash uint64) int32 {
	if len(x.places) == 0 {
		return -1
	}
	mask, tag := len(x.places)-1, keyTag(key, hash)
	for i := int(hash/shardCount) & mask; x.places[i].at != 0; i = (i + 1) & mask {
		if p := &x.places[i]; p.head == head && p.tag == tag && (len(key) <= 8 || keys[p.at-1] == key) {
			return p.at - 1
		}
	}
	return -1
}

// add enters the last of keys, which is not there yet.
func (x *keyIndex) add(keys []string, hash uint64) {
	if 4*len(keys) > 3*len(x.places) {
		x.places = make([]keyPlace, max(leastKeys, 2*len(x.places)))
		for i, key := range keys[:len(keys)-1] {
			x.put(int32(i), key, hashKey(key))
		}
	}
	x.put(int32(len(keys)-1), keys[len(keys)-1], hash)
}

func (x *keyIndex) put(number int32, key string, hash uint64) {
	mask := len(x.places) - 1
	i := int(hash/shardCount) & mask
	for x.places[i].at != 0 {
		i = (i + 1) & mask
	}
	x.places[i] = keyPlace{keyHead(key), keyTag(key, hash), number + 1}
}
