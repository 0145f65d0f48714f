// What the kernels of the iterations share with the host and with each other.
//
// pass is one read of the points: each block of threads takes a share of the points, loads its models' centroids into shared
// memory, and labels some hundred points at a time under all of them while the points are in registers. What moved changes
// integer sums in shared memory, which go to the sums of the models when the block has done its share. step then ends the
// iteration of each model as package kmeans does: convergence, states that return, new centroids. plan packs the models that
// go on into groups that fit into shared memory. The three are one link of a chain that runs many times between two looks of
// the host.
//
// Sums are integers, so that neither the order of the blocks nor the shape of the groups changes a bit.
//
// Each pass is a module of its own, since the driver compiles what is loaded, and a program needs one of them.
#pragma once
#include "nearest.cuh"

// How a model stands.
enum Status : u32 {
    Idle,      // the slot is free
    Active,    // to be iterated
    Final,     // stopped without convergence: to be labelled once more against its last centroids
    Done,      // stopped without convergence
    Converged, //
    Empty,     // a cluster has no weight: the host fills it
    Resumed,   // the host is done with that; the iteration is to be ended
};

// Slot is one model. cuda.slot in Go has the same layout.
struct Slot {
    Status status;
    u32 k, iterations, maxIter;
    u32 moved;  // rows of positive weight whose label changed in this iteration
    u32 filled; // the host moved rows in this iteration
    u32 formers;
    u32 fresh; // no row has a label yet
    u64 hash[2];
    Bounds bounds;
};

// Plan says what the next pass works on. cuda.plan in Go has the same layout.
struct Plan {
    u32 active, groups;
    u32 empty, ended; // slots that wait for the host
};

#define GROUP 32         // models of a group, at most
#define SLOTS 4096       // slots, at most
#define NOWHERE 0xFFFFFFFFu // no row of a model

// Work are the parameters of pass, step and plan. cuda.work in Go has the same layout.
struct Work {
    const float *tiles, *square; // of the points of this call
    const u16 *weight;           // of theirs; null = 1 each
    const float *scale;          // d, 2^e per column
    Slot *slots;
    Plan *plan;
    u32 *order, *group; // slots in the order of the groups; the first of each group, and the end
    float *rows;        // per slot kmax rows of d: the centroids
    float *negated;     // per slot kmax rows of wide
    float *h;           // per slot kmax
    i64 *sums;          // per slot kmax rows of d
    i64 *weights;       // per slot kmax
    u8 *labels;         // per slot stride
    u64 *former;        // per slot maxIter pairs
    u64 stride;         // labels of a slot
    u64 first;          // number of the first point of this call
    u32 n;              // points of this call
    u32 d, wide, kmax, slotCount, maxIter;
    u32 shared;   // bytes that a group may take
    u32 atLeast;  // groups that keep the whole device busy
    u32 rowBytes; // of a group that one centroid takes; 0 where a group is one model
    u32 round;    // centroids of a model are rounded up to a multiple of it
    u32 unused;
    double gamma; // relative error of a score
};
