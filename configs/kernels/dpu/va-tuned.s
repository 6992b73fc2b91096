; PrIM VA made fast: as va-compiled.s, but 64-bit accesses, unrolled over 32 elements: 2.6
; instructions per element, bound by the DMA engine (6.9 cycles per element).
; args: bytes per vector (multiple of 8), MRAM offset of A, of B.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   lw    r1, zero, args
        lw    r10, zero, args+4
        lw    r13, zero, args+8
        lsl   r4, id, 10
        lsl   r2, id, 11
        add   r2, r2, buffers
        add   r3, r2, 1024
        add   r16, r10, r4              ; A
        add   r17, r13, r4              ; B
        jgeu  r4, r1, done
block:  sub   r6, r1, r4
        move  r7, 1024
        jleu  r6, r7, part
        move  r6, r7
part:   lsr   r7, r6, 3
        sub   r7, r7, 1
        lsl_add r18, r2, r7, 24
        lsl_add r19, r3, r7, 24
        ldma  r18, r16, 0
        ldma  r19, r17, 0
        add   r20, r2, r6               ; the last round may add up to 120 bytes of old content,
loop:                                   ; which are not written back
        ld    d8, r3, 0
        ld    d10, r2, 0
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 0, d8
        ld    d8, r3, 8
        ld    d10, r2, 8
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 8, d8
        ld    d8, r3, 16
        ld    d10, r2, 16
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 16, d8
        ld    d8, r3, 24
        ld    d10, r2, 24
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 24, d8
        ld    d8, r3, 32
        ld    d10, r2, 32
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 32, d8
        ld    d8, r3, 40
        ld    d10, r2, 40
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 40, d8
        ld    d8, r3, 48
        ld    d10, r2, 48
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 48, d8
        ld    d8, r3, 56
        ld    d10, r2, 56
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 56, d8
        ld    d8, r3, 64
        ld    d10, r2, 64
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 64, d8
        ld    d8, r3, 72
        ld    d10, r2, 72
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 72, d8
        ld    d8, r3, 80
        ld    d10, r2, 80
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 80, d8
        ld    d8, r3, 88
        ld    d10, r2, 88
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 88, d8
        ld    d8, r3, 96
        ld    d10, r2, 96
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 96, d8
        ld    d8, r3, 104
        ld    d10, r2, 104
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 104, d8
        ld    d8, r3, 112
        ld    d10, r2, 112
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 112, d8
        ld    d8, r3, 120
        ld    d10, r2, 120
        add   r9, r9, r11
        add   r8, r8, r10
        sd    r3, 120, d8
        add   r2, r2, 128
        add   r3, r3, 128
        jltu  r2, r20, loop
        sdma  r19, r17, 0
        lsl   r2, id, 11
        add   r2, r2, buffers
        add   r3, r2, 1024
        add   r16, r16, 1024*NTASKLETS
        add   r17, r17, 1024*NTASKLETS
        add   r4, r4, 1024*NTASKLETS
        jltu  r4, r1, block
done:   stop  true, done
        .data
args:   .word 0, 0, 0
        .bss
        .balign 8
buffers: .space 2048*NTASKLETS
