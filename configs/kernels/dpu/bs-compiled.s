; PrIM BS, compiled mix: every query looks for its key in a sorted int64 array in MRAM by halving
; and reading the 256-byte block at the middle; a block whose first key is not above the query is
; scanned from its start (unrolled by the compiler). First and last block are read once per query.
; Mix: per key scanned 1 load and 1 branch; per probe 1 load, 2 other, 1 transfer; per scan 1 load;
; to the left 6 other, to the right 7 other and 2 branches; per query 5 loads, 1 store, 8 branches,
; 10 other, 3 transfers.
; args: MRAM offset of the keys, of their end, of the middle (a multiple of 8), of the queries,
; queries per tasklet. Result: `sums`, per tasklet the sum of the indices found (-1: not found).
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   call  r23, barrier
        lw    r20, zero, args+16
        lw    r21, zero, args+12
        move  r0, id
        move  r1, r20
        call  r23, mul
        lsl_add r21, r21, r0, 3
        move  r0, id
        move  r1, 776
        call  r23, mul
        add   r7, r0, buffers           ; query, then first, last and current block
        add   r17, r7, 8
        add   r16, r7, 264
        add   r9, r7, 520
        lsl   r22, id, 3
        add   r22, r22, sums
        move  r18, 0
        move  r19, 0
        jz    r20, done
query:  ldma  r7, r21, 0
        add   r21, r21, 8
        lw    r12, zero, args           ; start
        lw    r13, zero, args+4         ; end
        lw    r14, zero, args+8         ; middle
        ldma  r17, r12, 31
        sub   r6, r13, 256              ; last possible block
        ldma  r16, r6, 31
        ld    d10, r7, 0
        lw    r5, zero, args            ; start of the array
        add   r15, r5, 256
        jgtu  r12, r13, bad
        jltu  r14, r12, bad
        jgtu  r14, r13, bad
        jgtu  r5, r13, bad
probe:  ldma  r9, r14, 31
        ld    d2, r9, 0
        sub   r4, r11, r3
        subc  r4, r10, r2, lts, left
        ld    d10, r7, 0
scan0:  ld    d2, r9, 0
        jeq   r3, r11, hit0
        ld    d2, r9, 8
        jeq   r3, r11, hit1
        ld    d2, r9, 16
        jeq   r3, r11, hit2
        ld    d2, r9, 24
        jeq   r3, r11, hit3
        ld    d2, r9, 32
        jeq   r3, r11, hit4
        ld    d2, r9, 40
        jeq   r3, r11, hit5
        ld    d2, r9, 48
        jeq   r3, r11, hit6
        ld    d2, r9, 56
        jeq   r3, r11, hit7
        ld    d2, r9, 64
        jeq   r3, r11, hit8
        ld    d2, r9, 72
        jeq   r3, r11, hit9
        ld    d2, r9, 80
        jeq   r3, r11, hit10
        ld    d2, r9, 88
        jeq   r3, r11, hit11
        ld    d2, r9, 96
        jeq   r3, r11, hit12
        ld    d2, r9, 104
        jeq   r3, r11, hit13
        ld    d2, r9, 112
        jeq   r3, r11, hit14
        ld    d2, r9, 120
        jeq   r3, r11, hit15
        ld    d2, r9, 128
        jeq   r3, r11, hit16
        ld    d2, r9, 136
        jeq   r3, r11, hit17
        ld    d2, r9, 144
        jeq   r3, r11, hit18
        ld    d2, r9, 152
        jeq   r3, r11, hit19
        ld    d2, r9, 160
        jeq   r3, r11, hit20
        ld    d2, r9, 168
        jeq   r3, r11, hit21
        ld    d2, r9, 176
        jeq   r3, r11, hit22
        ld    d2, r9, 184
        jeq   r3, r11, hit23
        ld    d2, r9, 192
        jeq   r3, r11, hit24
        ld    d2, r9, 200
        jeq   r3, r11, hit25
        ld    d2, r9, 208
        jeq   r3, r11, hit26
        ld    d2, r9, 216
        jeq   r3, r11, hit27
        ld    d2, r9, 224
        jeq   r3, r11, hit28
        ld    d2, r9, 232
        jeq   r3, r11, hit29
        ld    d2, r9, 240
        jeq   r3, r11, hit30
        ld    d2, r9, 248
        jeq   r3, r11, hit31
        jltu  r14, r5, bad              ; to the right
        jgtu  r12, r14, bad
        move  r12, r14
        add   r8, r6, 256
        add   r14, r14, r8
        lsr   r14, r14, 1
        and   r14, r14, -8, true, edges
left:   sub   r6, r14, 256
        add   r14, r14, r12
        lsr   r14, r14, 1
        and   r14, r14, -8
edges:  sub   r4, r14, r15, ltu, lowest
        sub   r4, r6, r14, geu, probe
        move  r14, r6, true, final
lowest: move  r14, r5
; At an end of the array: one more block, looked through by a loop.
final:  ldma  r9, r14, 31
        move  r4, 0
key:    lsl_add r8, r9, r4, 3
        ld    d2, r8, 0
        add   r4, r4, 1
        jneq  r3, r11, wrong
        jeq   r2, r10, back
wrong:  jltu  r4, 32, key
        sub   r19, r19, 1               ; not found: -1
        subc  r18, r18, 0, true, next
back:   sub   r4, r4, 1, true, found
hit0:   or    r4, zero, 0, true, match
hit1:   or    r4, zero, 1, true, match
hit2:   or    r4, zero, 2, true, match
hit3:   or    r4, zero, 3, true, match
hit4:   or    r4, zero, 4, true, match
hit5:   or    r4, zero, 5, true, match
hit6:   or    r4, zero, 6, true, match
hit7:   or    r4, zero, 7, true, match
hit8:   or    r4, zero, 8, true, match
hit9:   or    r4, zero, 9, true, match
hit10:  or    r4, zero, 10, true, match
hit11:  or    r4, zero, 11, true, match
hit12:  or    r4, zero, 12, true, match
hit13:  or    r4, zero, 13, true, match
hit14:  or    r4, zero, 14, true, match
hit15:  or    r4, zero, 15, true, match
hit16:  or    r4, zero, 16, true, match
hit17:  or    r4, zero, 17, true, match
hit18:  or    r4, zero, 18, true, match
hit19:  or    r4, zero, 19, true, match
hit20:  or    r4, zero, 20, true, match
hit21:  or    r4, zero, 21, true, match
hit22:  or    r4, zero, 22, true, match
hit23:  or    r4, zero, 23, true, match
hit24:  or    r4, zero, 24, true, match
hit25:  or    r4, zero, 25, true, match
hit26:  or    r4, zero, 26, true, match
hit27:  or    r4, zero, 27, true, match
hit28:  or    r4, zero, 28, true, match
hit29:  or    r4, zero, 29, true, match
hit30:  or    r4, zero, 30, true, match
hit31:  or    r4, zero, 31, true, match
match:  jeq   r2, r10, found
        lsl   r8, r4, 1                 ; only the lower words are equal: go on behind
        add   r8, r8, scan0+2
        jump  r8
found:  sub   r8, r14, r5
        lsr   r8, r8, 3
        add   r8, r8, r4
        jgtu  r8, r13, bad
        add   r19, r19, r8
        addc  r18, r18, 0
next:   sd    r22, 0, d18
        jz    r20, bad
        sub   r20, r20, 1
        jnz   r20, query
done:   stop  true, done
bad:    fault 1

        .include "lib/mul32.s"
        .include "lib/barrier.s"

        .data
args:   .word 0, 0, 0, 0, 0
arrived: .word 0
        .balign 8
sums:   .space 8*NTASKLETS
        .bss
        .balign 8
buffers: .space 776*NTASKLETS
