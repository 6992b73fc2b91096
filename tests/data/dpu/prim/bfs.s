; Breadth-first search, whole: args = nodes (a multiple of 64), first node. Per level: every tasklet
; takes 8-byte tiles of the next frontier over into the visited set and the levels of its nodes, then
; visits the neighbours of its part of the nodes; the next frontier in MRAM is changed under a lock.
        .include "start.s"
        .globl kernel
kernel: sd    r22, 24, d22
        add   r22, r22, 32
        jnz   id, 1f
        lw    r0, zero, args + 4
        move  r1, next
        call  r23, set_bit
1:      call  r23, meet
        sw    r22, -32, 0               ; level
level:  lsl   r17, id, 3                ; tiles: byte offset of 64 nodes each
        move  r21, 0                    ; anything new?
        lsr   r18, r16, 3
        jgeu  r17, r18, taken
tile:   add   r0, r17, next
        call  r23, read8
        movd  d18, d0                   ; (r18 is loaded again below)
        or    r2, r18, r19
        jz    r2, 4f
        move  r21, 1
        add   r0, r17, visited
        call  r23, read8
        or    r0, r0, r18
        or    r1, r1, r19
        add   r2, r17, visited
        call  r23, write8
        move  r0, 0
        move  r1, 0
        add   r2, r17, next
        call  r23, write8
        move  r20, 0                    ; levels of the nodes of this tile
2:      move  r2, r19
        jltu  r20, 32, 3f
        move  r2, r18
3:      lsr   r2, r2, r20               ; by r20 % 32
        and   r2, r2, 1
        jz    r2, 5f
        lsl_add r0, r20, r17, 3
        lw    r1, r22, -32
        call  r23, set_level
5:      add   r20, r20, 1
        jltu  r20, 64, 2b
4:      movd  d0, d18
        add   r2, r17, current
        call  r23, write8
        lsr   r18, r16, 3
        add   r17, r17, 8 * NTASKLETS
        jltu  r17, r18, tile
taken:  jz    r21, 6f
        acquire zero, again_lock, nz, .
        move  r0, again
        sw    r0, 0, 1
        release zero, again_lock, nz, .+1
6:      call  r23, meet
        lw    r21, zero, again
        call  r23, meet
        jz    r21, done
        jnz   id, 7f
        move  r0, again
        sw    r0, 0, 0
7:      move  r17, id                   ; nodes id, id + N, ...
        jgeu  r17, r16, visits
node:   move  r0, r17
        move  r1, current
        call  r23, test_bit
        jz    r0, 10f
        add   r0, r17, 1
        call  r23, pointer
        move  r19, r0
        move  r0, r17
        call  r23, pointer
        move  r18, r0
        jgeu  r18, r19, 10f
edge:   lsl   r0, r18, 2
        add   r0, r0, neighbours
        call  r23, read4
        move  r20, r0
        move  r1, visited
        call  r23, test_bit
        jnz   r0, 9f
        acquire zero, next_lock, nz, .
        move  r0, r20
        move  r1, next
        call  r23, set_bit
        release zero, next_lock, nz, .+1
9:      add   r18, r18, 1
        jltu  r18, r19, edge
10:     add   r17, r17, NTASKLETS
        jltu  r17, r16, node
visits: call  r23, meet
        lw    r0, r22, -32
        add   r0, r0, 1
        sw    r22, -32, r0
        jump  level
done:   ld    d22, r22, -8
        jump  r23

; r0 = word `r0` of the row pointers.
pointer: lsl  r0, r0, 2
        add   r0, r0, pointers
; r0 = the word at MRAM address r0: the 8 bytes around it are read.
read4:  and   r1, r0, -8
        and   r2, r0, 7
        ldma  r14, r1, 0
        add   r2, r2, r14
        lw    r0, r2, 0
        jump  r23
; d0 = the 8 bytes at MRAM address r0; write8: d0 to MRAM address r2. Bytes in memory order, so that
; bit n of the tile is bit n % 32 of the lower word (r1) for n below 32.
read8:  ldma  r14, r0, 0
        ld    d0, r14, 0
        jump  r23
write8: sd    r14, 0, d0
        sdma  r14, r2, 0
        jump  r23
; Bit r0 of the set at MRAM address r1: r0 = its value. Changes r1 to r3.
test_bit: lsr r2, r0, 6
        lsl_add r2, r1, r2, 3
        ldma  r14, r2, 0
        lsr   r2, r0, 3
        and   r2, r2, 7
        add   r2, r2, r14
        lbu   r2, r2, 0
        and   r3, r0, 7
        lsr   r0, r2, r3
        and   r0, r0, 1
        jump  r23
set_bit: lsr  r2, r0, 6
        lsl_add r1, r1, r2, 3
        ldma  r14, r1, 0
        lsr   r2, r0, 3
        and   r2, r2, 7
        add   r2, r2, r14
        lbu   r4, r2, 0
        and   r3, r0, 7
        lsl   r3, one, r3
        or    r4, r4, r3
        sb    r2, 0, r4
        sdma  r14, r1, 0
        jump  r23
; Level r1 of node r0: two levels share 8 bytes, of one tasklet.
set_level: lsl r2, r0, 2
        add   r2, r2, output
        and   r3, r2, -8
        and   r2, r2, 7
        ldma  r15, r3, 0
        add   r2, r2, r15
        sw    r2, 0, r1
        sdma  r15, r3, 0
        jump  r23
        .section .atomic.locks, "aw"
        .equ  next_lock, 20
        .equ  again_lock, 21
        .space 8
        .section .data.again, "aw"
        .balign 4
again:  .word 0
        .section .mram, "aw"
        .balign 8
        .globl pointers, neighbours, output
next:   .space 1024
current: .space 1024
visited: .space 1024
pointers: .space 8192
neighbours: .space 65536
output: .space 32768
