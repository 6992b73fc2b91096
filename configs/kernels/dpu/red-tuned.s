; PrIM RED made fast: 2,048-byte transfers, unrolled over 32 elements: 3.1 instructions per element,
; bound by the DMA engine (4.5 cycles per element).
; args: bytes (multiple of 8), MRAM offset. Result: `total`.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   lw    r11, zero, args
        lw    r10, zero, args+4
        lsl   r4, id, 11
        move  r12, 0
        move  r13, 0
        jgeu  r4, r11, partial
block:  lsl   r2, id, 11
        add   r2, r2, buffers
        sub   r6, r11, r4
        move  r7, 2048
        jleu  r6, r7, part
        move  r6, r7
part:   lsr   r7, r6, 3
        sub   r7, r7, 1
        lsl_add r8, r2, r7, 24
        add   r9, r10, r4
        ldma  r8, r9, 0
        add   r20, r2, r6
        and   r7, r6, -256
        add   r7, r7, r2                ; whole rounds
        jeq   r7, r2, rest
loop:
        ld    d18, r2, 0
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 8
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 16
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 24
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 32
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 40
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 48
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 56
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 64
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 72
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 80
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 88
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 96
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 104
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 112
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 120
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 128
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 136
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 144
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 152
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 160
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 168
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 176
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 184
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 192
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 200
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 208
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 216
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 224
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 232
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 240
        add   r13, r13, r19
        addc  r12, r12, r18
        ld    d18, r2, 248
        add   r13, r13, r19
        addc  r12, r12, r18
        add   r2, r2, 256
        jltu  r2, r7, loop
rest:   jgeu  r2, r20, next
        ld    d18, r2, 0
        add   r13, r13, r19
        addc  r12, r12, r18
        add   r2, r2, 8, true, rest
next:   add   r4, r4, 2048*NTASKLETS
        jltu  r4, r11, block
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
buffers: .space 2048*NTASKLETS
