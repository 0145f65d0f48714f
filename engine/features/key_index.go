package features

import (
	"github.com/zeebo/xxh3"
)

// hashKey returns what the customer of a key is filed under: its low bits name the shard, the others the place there.
func hashKey(key string) uint64 { return xxh3.HashString(key) }

func shardOf(hash uint64) int { return int(hash % shardCount) }

// keyIndex finds customers by their keys: an open-addressing table, three quarters full at most, that holds of each hash
// a part besides the place, so that a lookup compares one key.
type keyIndex struct {
	places []keyPlace
}

type keyPlace struct {
	tag uint32
	at  int32 // number of the key + 1, 0 = free
}

const (
	leastKeys = 16
	// indexBytes bounds what the index takes per key: 8 bytes a place, 3 of 8 of them taken at least.
	indexBytes = 22
)

// find returns the number of the key among keys, -1 when it is not there.
func (x *keyIndex) find(keys []string, key string, hash uint64) int32 {
	if len(x.places) == 0 {
		return -1
	}
	mask, tag := len(x.places)-1, uint32(hash>>32)
	for i := int(hash/shardCount) & mask; x.places[i].at != 0; i = (i + 1) & mask {
		if p := x.places[i]; p.tag == tag && keys[p.at-1] == key {
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
			x.put(int32(i), hashKey(key))
		}
	}
	x.put(int32(len(keys)-1), hash)
}

func (x *keyIndex) put(number int32, hash uint64) {
	mask := len(x.places) - 1
	i := int(hash/shardCount) & mask
	for x.places[i].at != 0 {
		i = (i + 1) & mask
	}
	x.places[i] = keyPlace{uint32(hash >> 32), number + 1}
}
