; PrIM RED, compiled mix: sum of int64, blocks of 1,024 bytes dealt out to the tasklets, then a
; barrier and tasklet 0 adds the partial sums.
; Mix per element: 8 instructions in the loop - 1 load, 1 branch, 6 other - and 22 per block of
; 128: 1 transfer, 2 branches, 19 other.
; args: bytes (multiple of 8), MRAM offset. Result: `total`.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   call  r23, barrier
        lw    r11, zero, args            ; bytes
        lw    r10, zero, args+4
        lsl   r4, id, 10
        lsl   r2, id, 10
        add   r2, r2, buffers
        move  r12, 0                    ; sum of the tasklet, d12
        move  r13, 0
        jgeu  r4, r11, partial
block:  add   r5, r4, 1024              ; bytes of this block
        jleu  r5, r11, full
        sub   r6, r11, r4
        jump  part
full:   move  r6, 1024
part:   lsr   r7, r6, 3
        sub   r7, r7, 1
        lsl_add r8, r2, r7, 24
        add   r9, r10, r4
        ldma  r8, r9, 0
        move  r17, r2                   ; arguments of the reduction
        lsr   r14, r6, 3
        move  r20, 0                    ; its sum, d20
        move  r21, 0
        move  r15, 0
loop:   lsl   r16, r15, 3
        add   r16, r17, r16
        ld    d18, r16, 0
        add   r21, r21, r19
        move  r0, r20
        addc  r20, r0, r18
        add   r15, r15, 1
        jltu  r15, r14, loop
        move  r0, r20                   ; result of the reduction
        move  r1, r21
        add   r13, r13, r1
        addc  r12, r12, r0
        move  r0, r11
        move  r18, r6
        move  r19, r5
        add   r4, r4, 1024*NTASKLETS
        jltu  r4, r0, block
partial: lsl  r16, id, 3
        sd    r16, messages, d12
        call  r23, barrier
        jneq  id, 0, done
        move  r14, NTASKLETS-1
        move  r15, messages
more:   jeq   r14, 0, store
        add   r15, r15, 8
        ld    d18, r15, 0
        add   r13, r13, r19
        addc  r12, r12, r18
        sub   r14, r14, 1, true, more
store:  sd    zero, total, d12
done:   stop  true, done

        .include "lib/barrier.s"

        .data
args:   .word 0, 0
total:  .quad 0
arrived: .word 0
        .bss
        .balign 8
messages: .space 8*NTASKLETS
buffers: .space 1024*NTASKLETS
