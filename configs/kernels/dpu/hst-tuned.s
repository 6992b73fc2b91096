; PrIM HST-S made fast: bins a power of two, so that the multiplication is a shift; two pixels per
; load, unrolled over 32: 5.6 instructions per pixel, bound by issue.
; args: bytes (multiple of 8), MRAM offset, bins (power of two, 2 to 256), MRAM offset of the
; histogram.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   lw    r11, zero, args
        lw    r10, zero, args+4
        lw    r13, zero, args+8
        lsl   r4, id, 10
        lsl   r12, id, 11
        add   r12, r12, buffers         ; cache of 1,024 bytes, then the histogram
        add   r9, r12, 1024
        clz   r21, r13                  ; shift: 12 - log2(bins)
        sub   r21, r21, 19
        move  r16, r9
        lsl_add r15, r9, r13, 2
clear:  sd    r16, 0, 0
        add   r16, r16, 8
        jltu  r16, r15, clear
        jgeu  r4, r11, merge
block:  move  r2, r12
        sub   r6, r11, r4
        move  r7, 1024
        jleu  r6, r7, part
        move  r6, r7
part:   lsr   r7, r6, 3
        sub   r7, r7, 1
        lsl_add r8, r2, r7, 24
        add   r3, r10, r4
        ldma  r8, r3, 0
        add   r20, r2, r6
        and   r7, r6, -128
        add   r7, r7, r2                ; whole rounds
        jeq   r7, r2, rest
loop:
        ld    d16, r2, 0
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 8
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 16
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 24
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 32
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 40
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 48
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 56
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 64
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 72
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 80
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 88
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 96
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 104
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 112
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        ld    d16, r2, 120
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        lsr   r17, r17, r21
        lsl_add r17, r9, r17, 2
        lw    r18, r17, 0
        add   r18, r18, 1
        sw    r17, 0, r18
        add   r2, r2, 128
        jltu  r2, r7, loop
rest:   jgeu  r2, r20, next
        lw    r16, r2, 0
        lsr   r16, r16, r21
        lsl_add r16, r9, r16, 2
        lw    r18, r16, 0
        add   r18, r18, 1
        sw    r16, 0, r18
        add   r2, r2, 4, true, rest
next:   add   r4, r4, 1024*NTASKLETS
        jltu  r4, r11, block
merge:  call  r23, barrier
        move  r15, id                   ; bins id, id + N, ...
        jgeu  r15, r13, merged
bin:    move  r19, 0
        move  r14, NTASKLETS
        lsl   r20, r15, 2
        add   r20, r20, buffers+1024
sum:    lw    r18, r20, 0
        add   r19, r19, r18
        add   r20, r20, 2048
        sub   r14, r14, 1, nz, sum
        lsl   r20, r15, 2
        sw    r20, buffers+1024, r19
        add   r15, r15, NTASKLETS
        jltu  r15, r13, bin
merged: call  r23, barrier
        jneq  id, 0, done
        lsr   r7, r13, 1
        sub   r7, r7, 1
        move  r8, buffers+1024
        lsl_add r8, r8, r7, 24
        lw    r3, zero, args+12
        sdma  r8, r3, 0
done:   stop  true, done

        .include "lib/barrier.s"

        .data
args:   .word 0, 0, 256, 0
arrived: .word 0
        .bss
        .balign 8
buffers: .space 2048*NTASKLETS
